// What the binding files of the cryptographic half share: how Python bytes become trusted values and back.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bind/working.hpp"
#include "field/field.hpp"
#include "process/errors.hpp"

namespace tickproof {

void register_witness(nanobind::module_& m);
void register_signatures(nanobind::module_& m);
void register_pairing(nanobind::module_& m);
void register_verify(nanobind::module_& m);

inline std::span<const std::uint8_t> view(const nanobind::bytes& bytes) {
    return {static_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// Python's bytes are immutable, but another thread may drop the last reference while the GIL is released.
inline std::vector<std::uint8_t> copy_bytes(const nanobind::bytes& bytes) {
    const auto data = view(bytes);
    return {data.begin(), data.end()};
}

inline Fr scalar_from(const nanobind::bytes& bytes, const char* what) {
    if (bytes.size() != 32) throw MalformedInput(std::string(what) + " must be 32 bytes");
    return Fr::from_bytes_le(view(bytes).data());
}

inline std::vector<Fr> scalars_from(std::span<const std::uint8_t> bytes, const char* what) {
    if (bytes.size() % 32 != 0) throw MalformedInput(std::string(what) + ": not a whole number of 32-byte elements");
    std::vector<Fr> out(bytes.size() / 32);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = Fr::from_bytes_le(bytes.data() + 32 * i);
    return out;
}

// Bytes of a known size, filled in place with the GIL released.
template <class Fill>
nanobind::bytes bytes_of(std::size_t size, Fill&& fill) {
    PyObject* raw = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
    if (!raw) throw nanobind::python_error();
    nanobind::bytes out = nanobind::steal<nanobind::bytes>(raw);
    auto* data = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(raw));
    {
        const Working working;
        fill(data);
    }
    return out;
}

}  // namespace tickproof
