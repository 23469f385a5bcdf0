// Poseidon over Fr with circomlib's parameters: x^5, 8 full rounds, one capacity element (the first, zero), rate 1 to
// 16, output the first element. Source: Grassi et al., eprint 2019/458; constants by the paper's Grain LFSR, drawn here
// when a width is first used. The tree and the protocol's longer hashes are built by the callers.
#pragma once

#include <span>

#include "field/field.hpp"

namespace tickproof {

constexpr unsigned kPoseidonMaxArity = 16;

// Between 1 and 16 inputs; throws MalformedInput otherwise.
Fr poseidon(std::span<const Fr> inputs);

// outputs[i] = poseidon(inputs[i*arity .. (i+1)*arity)), on the kernel's threads.
void poseidon_batch(unsigned arity, std::span<const Fr> inputs, std::span<Fr> outputs);

}  // namespace tickproof
