// Which multiplication runs: decided once per process, from the processor and from TICKPROOF_KERNEL=portable|adx|ifma
// (a lower level than the processor offers; a higher one is ignored). This file owns that choice and the assembly.
#pragma once

#include <cstdint>
#include <type_traits>

#define TICKPROOF_HAS_ADX 0
