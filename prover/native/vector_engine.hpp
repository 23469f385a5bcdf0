// The seams at which a vector engine (AVX2 or AVX-512 IFMA) replaces the scalar loops of MSM and NTT. Each entry is one coarse
// unit of work, so that an engine may keep its own representation inside and convert at the edges only. A null entry
// means that the scalar loop runs. The table is filled once, when the extension is loaded; `engine` (engine.hpp) says
// whether it is used. Every entry is complete: equal, opposite and infinite points are handled, results are the same
// bytes as the scalar path's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "curve.hpp"

namespace tickproof {

// A whole sum, as msm.hpp says. An engine that has it sorts and schedules for itself; the counts are filled in its way.
struct MsmCounts;
template <class G>
using Msm = Affine<G> (*)(const std::uint8_t* bases, const Limbs* scalars, std::size_t n, MsmCounts* counts, unsigned window);

// a[i] = a[i] + b[i] for i < n, complete addition, one shared inversion.
template <class G>
using BatchAdd = void (*)(Affine<G>* a, const Affine<G>* b, std::size_t n);

// A decimation network over a buffer of 2^log_rows rows of `cols` elements, row-major, in place.
//   forward (Cooley-Tukey): layers h = rows/2, rows/4, ..., 1; at the layer with blocks of 2h rows, block k of this buffer
//     uses t = twiddle(first_block * (rows / 2h) + k) and (u, v) -> (u + t v, u - t v) on rows (j, j + h), every column.
//   backward (Gentleman-Sande): layers h = 1, 2, ..., rows/2, and (u, v) -> (u + v, (u - v) t), the same t indexing.
// `twiddles[k]` = omega^bitreverse(k), k < N/2, bit reversal over log2(N/2) bits; it is one table for all layers.
// Called with cols a multiple of 8, or cols = 1 and log_rows >= 6.
// inverse_root = true takes omega^-1 instead: with j = floor(log2 k), inverse(k) = -twiddles[k ^ (2^j - 1)], inverse(0) = 1.
using NttNetwork = void (*)(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block,
                            bool inverse_root);

// out[i] = a[i] * b[i] - c[i]; out may alias any of them.
using MulSub = void (*)(Fr* out, const Fr* a, const Fr* b, const Fr* c, std::size_t n);
// a[i] = a[i] * s[i]
using MulInto = void (*)(Fr* a, const Fr* s, std::size_t n);

struct VectorEngine {
    Msm<G1> msm_g1 = nullptr;
    Msm<G2> msm_g2 = nullptr;
    BatchAdd<G1> batch_add_g1 = nullptr;
    BatchAdd<G2> batch_add_g2 = nullptr;
    NttNetwork ntt_forward = nullptr;
    NttNetwork ntt_backward = nullptr;
    MulSub mul_sub = nullptr;
    MulInto mul_into = nullptr;
};

inline VectorEngine vector_engine;
inline bool vector_engine_on() { return engine >= Engine::avx2; }

}  // namespace tickproof
