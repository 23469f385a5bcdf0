// A full assignment of a circuit's wires, wire 0 = one first. The witness program produces it, the prover reads it.
#pragma once

#include <vector>

#include "field/field.hpp"

namespace tickproof {

struct WitnessData {
    std::vector<Fr> wires;
};

}  // namespace tickproof
