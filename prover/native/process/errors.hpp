// The kernel's failures, one C++ class for each reason a caller may want to tell apart. bind/module.cpp gives every
// class its own Python exception; what a failure means for a batch is decided there, not here.
#pragma once

#include <stdexcept>
#include <string>

namespace tickproof {

struct KernelError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Bytes that do not parse: wrong length, wrong magic, a section that lies about its size, an index out of range.
struct MalformedInput : KernelError {
    using KernelError::KernelError;
};

// An engine or a number of threads that this process cannot have.
struct BadSetting : MalformedInput {
    using MalformedInput::MalformedInput;
};

// A number written as >= its modulus.
struct NonCanonical : MalformedInput {
    using MalformedInput::MalformedInput;
};

// A point whose coordinates do not satisfy the curve equation.
struct NotOnCurve : MalformedInput {
    using MalformedInput::MalformedInput;
};

// A G2 point on the twist but outside the subgroup of order r.
struct NotInSubgroup : MalformedInput {
    using MalformedInput::MalformedInput;
};

// The point at infinity where the format or the protocol forbids it.
struct InfinityNotAllowed : MalformedInput {
    using MalformedInput::MalformedInput;
};

// The witness does not satisfy the constraints of the key's circuit (or a public input differs from it).
struct UnsatisfiedWitness : KernelError {
    using KernelError::KernelError;
};

// A witness program that a run cannot follow: too few inputs, a late part before the challenge, and the like.
struct ProgramError : KernelError {
    using KernelError::KernelError;
};

// A well-formed key of a protocol, curve or version that this function does not take.
struct UnsupportedKey : KernelError {
    using KernelError::KernelError;
};

// The witness satisfies the constraints in the key, and still the proof does not verify: the key's points contradict them.
struct InconsistentKey : KernelError {
    using KernelError::KernelError;
};

// Setup secrets that would make a broken key: zero, or tau inside the evaluation domain.
struct BadSecret : KernelError {
    using KernelError::KernelError;
};

// The operating system refused to read or write a file.
struct FileFailure : KernelError {
    using KernelError::KernelError;
};

}  // namespace tickproof
