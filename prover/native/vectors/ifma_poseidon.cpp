// Poseidon with the state across the lanes of AVX-512 vectors; hashes/poseidon.cpp says what is computed and why. Compiled for
// AVX-512 with IFMA, called only where the processor has it.
//
// In a partial round only element 0 is powered, so the power is computed in every lane from a broadcast; while that
// runs, the products of the other elements with the sparse row are summed across the lanes. One more product, of the
// column with the power, then gives all new elements. Bounds, in units of r, against the 80 that a product of factors
// may reach: the state is below 1.01 between rounds, 2.01 with a constant added; powers are below 2.06.
#include "vectors/poseidon.hpp"

#if defined(__AVX512IFMA__) && defined(__AVX512VBMI2__)

#define TICKPROOF_LANES_IFMA
#include "vectors/field.hpp"

namespace tickproof::vectors {
namespace {

VECTOR_INLINE Vec load(const u64* block) {
    return {_mm512_load_si512(block), _mm512_load_si512(block + 8), _mm512_load_si512(block + 16),
            _mm512_load_si512(block + 24), _mm512_load_si512(block + 32)};
}

VECTOR_INLINE Vec lane_to_all(const Vec& a, unsigned lane) {
    const Lane index = all(lane);
    return {_mm512_permutexvar_epi64(index, a.l0), _mm512_permutexvar_epi64(index, a.l1),
            _mm512_permutexvar_epi64(index, a.l2), _mm512_permutexvar_epi64(index, a.l3),
            _mm512_permutexvar_epi64(index, a.l4)};
}

// Lane 0 zeroed.
VECTOR_INLINE Raw without_lane0(const Vec& a) {
    const Mask others = 0xfe;
    return {_mm512_maskz_mov_epi64(others, a.l0), _mm512_maskz_mov_epi64(others, a.l1),
            _mm512_maskz_mov_epi64(others, a.l2), _mm512_maskz_mov_epi64(others, a.l3),
            _mm512_maskz_mov_epi64(others, a.l4)};
}

// The sum of all lanes, in lane 0; the others zero.
VECTOR_INLINE Wide sum_to_lane0(Wide w) {
    for (Lane& t : w.t) {
        t = add64(t, _mm512_alignr_epi64(t, t, 4));
        t = add64(t, _mm512_alignr_epi64(t, t, 2));
        t = add64(t, _mm512_alignr_epi64(t, t, 1));
        t = _mm512_maskz_mov_epi64(1, t);
    }
    return w;
}

VECTOR_INLINE Vec fifth_power(const Vec& a) { return FrVec::mul(FrVec::sqr(FrVec::sqr(a)), a); }

template <unsigned V>
struct State {
    Vec s[V];

    VECTOR_INLINE void add(const u64* constants) {
        for (unsigned v = 0; v < V; ++v) s[v] = normal(s[v] + load(constants + v * kPoseidonBlockWords));
    }
    VECTOR_INLINE void power() {
        for (unsigned v = 0; v < V; ++v) s[v] = fifth_power(s[v]);
    }
    // At most 17 products below 2.06: 35.
    VECTOR_INLINE void multiply(const u64* matrix, unsigned width) {
        Wide sum[V];
        for (unsigned j = 0; j < width; ++j) {
            const Vec element = lane_to_all(s[j / 8], j % 8);
            for (unsigned v = 0; v < V; ++v) {
                const Wide product = wide_mul(load(matrix), element);
                sum[v] = j == 0 ? product : sum[v] + product;
                matrix += kPoseidonBlockWords;
            }
        }
        for (unsigned v = 0; v < V; ++v) s[v] = FrVec::reduced(FrVec::reduce(sum[v]));
    }
};

template <unsigned V>
void permute(const PoseidonTables& p, const u64* inputs, u64* out) {
    constexpr unsigned kRow = V * kPoseidonBlockWords;
    State<V> state;
    alignas(64) u64 words[4][8 * V] = {};
    for (unsigned i = 1; i < p.width; ++i)
        for (unsigned k = 0; k < 4; ++k) words[k][i] = inputs[4 * (i - 1) + k];
    for (unsigned v = 0; v < V; ++v) {
        Lane w[4];
        for (unsigned k = 0; k < 4; ++k) w[k] = _mm512_load_si512(words[k] + 8 * v);
        state.s[v] = FrVec::reduced_far(raw(FrVec::from_words_times16(w)));  // below 16
    }

    const u64* constants = p.first;
    for (unsigned round = 0; round < 4; ++round) {
        state.add(constants);
        state.power();
        state.multiply(round < 3 ? p.dense : p.dense_partial, p.width);
        constants += kRow;
    }
    for (unsigned v = 0; v < V; ++v)
        state.s[v] = FrVec::reduced(state.s[v] + load(constants + v * kPoseidonBlockWords));

    const u64 *row = p.rows, *column = p.columns, *after = p.after_power;
    for (unsigned round = 0; round < p.partial; ++round) {
        const Vec power = fifth_power(lane_to_all(state.s[0], 0));
        Wide others = wide_mul(load(row), state.s[0]);
        for (unsigned v = 1; v < V; ++v) others = others + wide_mul(load(row + v * kPoseidonBlockWords), state.s[v]);
        others = sum_to_lane0(others);
        // below 3.1
        const Vec first = normal(power + Vec{all(after[0]), all(after[1]), all(after[2]), all(after[3]), all(after[4])});
        for (unsigned v = 0; v < V; ++v) {
            const Wide product = wide_mul(load(column + v * kPoseidonBlockWords), first);
            // the sum across lanes is below 17, so this is below 2 + 21/84, and below 3.3 with the old element
            state.s[v] = v == 0 ? FrVec::reduced(FrVec::reduce(product + others) + without_lane0(state.s[0]))
                                : FrVec::reduced(FrVec::reduce(product) + state.s[v]);
        }
        row += kRow, column += kRow, after += 5;
    }

    constants = p.last;
    for (unsigned round = 0; round < 3; ++round) {
        state.add(constants);
        state.power();
        state.multiply(p.dense, p.width);
        constants += kRow;
    }
    state.add(constants);
    state.power();
    Wide sum = wide_mul(load(p.out), state.s[0]);
    for (unsigned v = 1; v < V; ++v) sum = sum + wide_mul(load(p.out + v * kPoseidonBlockWords), state.s[v]);
    Lane w[4];
    FrVec::to_words(FrVec::canonical(FrVec::reduce(sum_to_lane0(sum))), w);
    for (unsigned k = 0; k < 4; ++k) out[k] = static_cast<u64>(_mm_cvtsi128_si64(_mm512_castsi512_si128(w[k])));
}

void permute_any(const PoseidonTables& p, const std::uint64_t* inputs, std::uint64_t* out) {
    switch (p.vectors) {
        case 1: return permute<1>(p, inputs, out);
        case 2: return permute<2>(p, inputs, out);
        default: return permute<3>(p, inputs, out);
    }
}

}  // namespace

const PoseidonPermute poseidon_permute = &permute_any;

}  // namespace tickproof::vectors

#else

namespace tickproof::vectors {
const PoseidonPermute poseidon_permute = nullptr;
}  // namespace tickproof::vectors

#endif
