// 1/a by division steps, about a microsecond instead of Fermat's several microseconds, for places that invert
// one element at a time: hints of the witness program, affine results. Not constant time, like all of the kernel.
#pragma once

#include "field/field.hpp"

namespace tickproof {

// Zero for zero, as Field::inv.
Fr inverse(const Fr& a);
Fq inverse(const Fq& a);

}  // namespace tickproof
