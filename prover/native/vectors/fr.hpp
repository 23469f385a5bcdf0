// The vector kernel of Fr: decimation networks and pointwise products. Inside a network a vector holds eight elements with
// carries pending, lanes along the columns, or along eight neighbouring rows when there is one column. Pairs of layers are
// taken together, which halves the traffic with the cache. The last three layers of a one-column network (rows 4, 2 and 1
// apart) work on eight vectors transposed, so that a lane holds a block of eight rows and has twiddles of its own.
//
// Bounds. A twiddle lies below 1.02 r, the negative of one, which the inverse root takes, below 2 r. Forward: after k layers
// values lie below (1 + 3k) r, as long as the product of such a value with a twiddle lies below 3 r; by product_bound that is
// so for 26 layers and more, whose values stay below 80 r without any reduction (forward_fits). Backward: a pair of layers
// takes values below 4.4 r to values below 4.4 r, with one reduction (backward_fits). Twiddles come in with 2^256 and are used with 2^260, so that a product keeps the factor of the data.
#pragma once

#include "vectors/field.hpp"
#include "vectors/kernel.hpp"

namespace tickproof::vectors {
namespace {

using F = FrVec;

constexpr double kTwiddleBound = 2;
// Whether so many forward layers need no reduction.
constexpr bool forward_fits(unsigned layers) {
    for (unsigned k = 0; k < layers; ++k)
        if (F::K::product_bound((1 + 3 * k) * kTwiddleBound) >= 3) return false;
    return 1 + 3 * layers <= 80;
}
static_assert(forward_fits(kMaxLogRows));
// Whether a pair of backward layers takes values below `bound` to values below it; its steps are those of backward_pair.
constexpr bool backward_fits(double bound) {
    const double first = F::K::product_bound((bound + 5) * kTwiddleBound);              // a difference, turned
    const double sum_turned = F::K::product_bound((2 * bound + 9) * kTwiddleBound);     // of two sums
    const double last = F::K::product_bound((first + 5) * kTwiddleBound);
    return bound < 5 && 2 * bound < 9 && 4 * bound < 80 && 1.02 < bound && sum_turned < bound && 2 * first < bound && last < bound;
}
static_assert(backward_fits(4.4));

VECTOR_INLINE void load_words(const u64* from, Lane* w) {
    for (int i = 0; i < 4; ++i) w[i] = load_lanes(from + 8 * i);
    to_columns(w);
}
VECTOR_INLINE Vec load(const u64* from) {
    Lane w[4];
    load_words(from, w);
    return F::from_words(w);
}
VECTOR_INLINE void store(const Vec& a, u64* to) {
    Lane w[4];
    F::to_words(a, w);
    to_rows(w);
    for (int i = 0; i < 4; ++i) store_lanes(to + 8 * i, w[i]);
}

// --- twiddles -----------------------------------------------------------------------------------------------------

struct Twiddles {
    const u64* table;
    bool inverse_root;
};

// Numbers k[0..7] of the table (of its inverses, if so asked) into lanes 0..7, with the factor 2^260.
VECTOR_INLINE Vec load_twiddles(const Twiddles& t, const size_t* k) {
    size_t at[8];
    unsigned negative = 0;
    for (int i = 0; i < 8; ++i) {
        at[i] = k[i];
        if (t.inverse_root && k[i] != 0) {
            at[i] ^= (size_t{1} << (63 - __builtin_clzll(k[i]))) - 1;
            negative |= 1u << i;
        }
    }
    Lane w[4];
    for (int i = 0; i < 4; ++i) {
        w[i] = load_halves(t.table + 4 * at[kLaneOrder[2 * i]], t.table + 4 * at[kLaneOrder[2 * i + 1]]);
    }
    to_columns(w);
    const Vec v = F::reduced_far(raw(F::from_words_times16(w)));
    return select(static_cast<Mask>(negative), normal(F::multiple<2>() - v), v);
}

// The twiddles of all layers that have one a block: limb i of block k in the layer of `blocks` at limb[i][blocks + k].
struct BlockTwiddles {
    u64* limb[5];

    VECTOR_INLINE Vec at(size_t i) const { return {all(limb[0][i]), all(limb[1][i]), all(limb[2][i]), all(limb[3][i]), all(limb[4][i])}; }

    void fill(const Twiddles& t, size_t first_block, size_t max_blocks) {
        for (size_t blocks = 1; blocks <= max_blocks; blocks *= 2)
            for (size_t k = 0; k < blocks; k += 8) {
                size_t index[8];
                for (size_t i = 0; i < 8; ++i) index[i] = first_block * blocks + (k + i < blocks ? k + i : 0);
                const Vec v = load_twiddles(t, index);
                // what lies beyond the layer is written again by the next
                store_lanes(limb[0] + blocks + k, v.l0);
                store_lanes(limb[1] + blocks + k, v.l1);
                store_lanes(limb[2] + blocks + k, v.l2);
                store_lanes(limb[3] + blocks + k, v.l3);
                store_lanes(limb[4] + blocks + k, v.l4);
            }
    }
};

// --- butterflies ----------------------------------------------------------------------------------------------------

VECTOR_INLINE void forward2(Raw& u, Raw& v, const Vec& t) {
    const Raw x = F::mul_raw(normal(v), t);
    v = u - x + F::multiple<3>();
    u = u + x;
}

VECTOR_INLINE void backward2(Raw& u, Raw& v, const Vec& t) {  // of values below 5r
    const Vec d = normal(u - v + F::multiple<5>());
    u = u + v;
    v = F::mul_raw(d, t);
}

// Layers `blocks` and 2 `blocks`; a block of the first is 4 q vectors.
void forward_pair(Raw* x, size_t blocks, size_t q, const BlockTwiddles& t) {
    for (size_t k = 0; k < blocks; ++k) {
        const Vec t1 = t.at(blocks + k), t2 = t.at(2 * blocks + 2 * k), t3 = t.at(2 * blocks + 2 * k + 1);
        Raw* at = x + 4 * q * k;
        for (size_t j = 0; j < q; ++j, ++at) {
            Raw a = at[0], b = at[q], c = at[2 * q], d = at[3 * q];
            forward2(a, c, t1);
            forward2(b, d, t1);
            forward2(a, b, t2);
            forward2(c, d, t3);
            at[0] = a, at[q] = b, at[2 * q] = c, at[3 * q] = d;
        }
    }
}

void backward_pair(Raw* x, size_t blocks, size_t q, const BlockTwiddles& t) {
    for (size_t k = 0; k < blocks; ++k) {
        const Vec t1 = t.at(blocks + k), t2 = t.at(2 * blocks + 2 * k), t3 = t.at(2 * blocks + 2 * k + 1);
        Raw* at = x + 4 * q * k;
        for (size_t j = 0; j < q; ++j, ++at) {
            Raw a = at[0], b = at[q], c = at[2 * q], d = at[3 * q];
            backward2(a, b, t2);
            backward2(c, d, t3);
            // a and c are sums below 8.8 r, b and d products below 1.4 r
            const Vec e = normal(a - c + F::multiple<9>());
            at[0] = raw(F::reduced_far(a + c));
            at[2 * q] = F::mul_raw(e, t1);
            backward2(b, d, t1);
            at[q] = b, at[3 * q] = d;
        }
    }
}

void forward_single(Raw* x, size_t blocks, size_t q, const BlockTwiddles& t) {  // a block is 2 q vectors
    for (size_t k = 0; k < blocks; ++k) {
        const Vec t1 = t.at(blocks + k);
        for (size_t j = 0; j < q; ++j) forward2(x[2 * q * k + j], x[2 * q * k + q + j], t1);
    }
}

// The last layer, so its sums need no reduction.
void backward_single(Raw* x, size_t blocks, size_t q, const BlockTwiddles& t) {
    for (size_t k = 0; k < blocks; ++k) {
        const Vec t1 = t.at(blocks + k);
        for (size_t j = 0; j < q; ++j) backward2(x[2 * q * k + j], x[2 * q * k + q + j], t1);
    }
}

VECTOR_INLINE void transpose(Raw* v) {
    const auto turn = [&](Lane Raw::* limb) {
        Lane a[8];
        for (int i = 0; i < 8; ++i) a[i] = v[i].*limb;
        transpose(a);
        for (int i = 0; i < 8; ++i) v[i].*limb = a[i];
    };
    turn(&Raw::l0), turn(&Raw::l1), turn(&Raw::l2), turn(&Raw::l3), turn(&Raw::l4);
}

// The twiddles of the layer whose blocks number `per_lane` a lane: those of block `sub` of each, lanes being blocks of eight
// rows from `first` on.
VECTOR_INLINE Vec lane_twiddles(const Twiddles& t, size_t first, size_t per_lane, size_t sub) {
    size_t k[8];
    for (size_t lane = 0; lane < 8; ++lane) k[lane] = (first + lane) * per_lane + sub;
    return load_twiddles(t, k);
}

// Layers of rows 4, 2, 1 apart, on 64 rows; `first` numbers their first block of eight rows in the whole transform.
VECTOR_INLINE void forward_last(Raw* v, const Twiddles& t, size_t first) {
    transpose(v);
    Raw* row[8];
    for (int i = 0; i < 8; ++i) row[kLaneOrder[i]] = v + i;
    for (int h = 4; h >= 1; h /= 2)
        for (int block = 0; block < 4 / h; ++block) {
            const Vec w = lane_twiddles(t, first, static_cast<size_t>(4 / h), static_cast<size_t>(block));
            for (int j = 0; j < h; ++j) forward2(*row[2 * h * block + j], *row[2 * h * block + j + h], w);
        }
    transpose(v);
}

// The sums double with each layer, from r to 8 r in row 0, and to 5.1 r in row 1; rows 2 and 3 of the last are sums of products
// only, below 2.6 r.
VECTOR_INLINE void backward_first(Raw* v, const Twiddles& t, size_t first) {
    transpose(v);
    Raw* row[8];
    for (int i = 0; i < 8; ++i) row[kLaneOrder[i]] = v + i;
    for (int h = 1; h <= 4; h *= 2)
        for (int block = 0; block < 4 / h; ++block) {
            const Vec w = lane_twiddles(t, first, static_cast<size_t>(4 / h), static_cast<size_t>(block));
            for (int j = 0; j < h; ++j) backward2(*row[2 * h * block + j], *row[2 * h * block + j + h], w);
        }
    for (int i = 0; i < 2; ++i) *row[i] = raw(F::reduced_far(*row[i]));
    transpose(v);
}

// --- networks --------------------------------------------------------------------------------------------------------

struct Layout {
    size_t vectors, max_blocks;
    unsigned layers;  // those with one twiddle a block

    Layout(unsigned log_rows, size_t cols) {
        const bool wide = cols > 1;
        vectors = (cols << log_rows) / 8;
        layers = wide ? log_rows : log_rows - 3;
        max_blocks = layers ? size_t{1} << (layers - 1) : 0;
    }
    size_t bytes() const { return vectors * sizeof(Raw) + 5 * 8 * (2 * max_blocks + 16); }
    BlockTwiddles twiddles(void* space) const {
        u64* at = reinterpret_cast<u64*>(static_cast<unsigned char*>(space) + vectors * sizeof(Raw));
        BlockTwiddles t;
        for (int i = 0; i < 5; ++i) t.limb[i] = at + static_cast<size_t>(i) * (2 * max_blocks + 16);
        return t;
    }
};

size_t network_bytes(unsigned log_rows, size_t cols) { return Layout(log_rows, cols).bytes(); }

__attribute__((noinline)) void forward(u64* data, unsigned log_rows, size_t cols, const u64* table, size_t first_block, bool inverse_root, void* space) {
    const Layout layout(log_rows, cols);
    const Twiddles twiddles{table, inverse_root};
    BlockTwiddles t = layout.twiddles(space);
    t.fill(twiddles, first_block, layout.max_blocks);
    Raw* x = static_cast<Raw*>(space);
    for (size_t i = 0; i < layout.vectors; ++i) x[i] = raw(load(data + 32 * i));
    size_t blocks = 1;
    if (layout.layers % 2) {
        forward_single(x, 1, layout.vectors / 2, t);
        blocks = 2;
    }
    for (; blocks <= layout.max_blocks; blocks *= 4) forward_pair(x, blocks, layout.vectors / blocks / 4, t);
    if (cols == 1)
        for (size_t i = 0; i < layout.vectors; i += 8) forward_last(x + i, twiddles, first_block * layout.vectors + i);
    for (size_t i = 0; i < layout.vectors; ++i) store(F::canonical_far(x[i]), data + 32 * i);
}

__attribute__((noinline)) void backward(u64* data, unsigned log_rows, size_t cols, const u64* table, size_t first_block, bool inverse_root, void* space) {
    const Layout layout(log_rows, cols);
    const Twiddles twiddles{table, inverse_root};
    BlockTwiddles t = layout.twiddles(space);
    t.fill(twiddles, first_block, layout.max_blocks);
    Raw* x = static_cast<Raw*>(space);
    for (size_t i = 0; i < layout.vectors; ++i) x[i] = raw(load(data + 32 * i));
    if (cols == 1)
        for (size_t i = 0; i < layout.vectors; i += 8) backward_first(x + i, twiddles, first_block * layout.vectors + i);
    size_t blocks = layout.max_blocks;
    for (; blocks >= 2; blocks /= 4) backward_pair(x, blocks / 2, layout.vectors / blocks / 2, t);
    if (blocks == 1) backward_single(x, 1, layout.vectors / 2, t);
    for (size_t i = 0; i < layout.vectors; ++i) store(F::canonical_far(x[i]), data + 32 * i);
}

// --- pointwise -------------------------------------------------------------------------------------------------------

// A short tail is copied out and back, so that nothing beyond the arrays is touched.
template <class Body>
VECTOR_INLINE void by_eights(u64* out, const u64* a, const u64* b, const u64* c, size_t n, Body body) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) body(out + 4 * i, a + 4 * i, b + 4 * i, c + 4 * i);
    if (i == n) return;
    alignas(64) u64 tail[3][32] = {}, result[32];
    const u64* from[3] = {a, b, c};
    for (int s = 0; s < 3; ++s)
        for (size_t k = 0; k < 4 * (n - i); ++k) tail[s][k] = from[s][4 * i + k];
    body(result, tail[0], tail[1], tail[2]);
    for (size_t k = 0; k < 4 * (n - i); ++k) out[4 * i + k] = result[k];
}

VECTOR_INLINE Raw product(const u64* a, const u64* b) {
    Lane w[4];
    load_words(a, w);
    return F::mul_raw(F::from_words_times16(w), load(b));
}

__attribute__((noinline)) void mul_into(u64* a, const u64* s, size_t n) {
    by_eights(a, a, s, s, n, [](u64* out, const u64* x, const u64* y, const u64*) { store(F::canonical(product(x, y)), out); });
}

__attribute__((noinline)) void mul_sub(u64* out, const u64* a, const u64* b, const u64* c, size_t n) {
    by_eights(out, a, b, c, n, [](u64* to, const u64* x, const u64* y, const u64* z) {
        store(F::canonical(product(x, y) - load(z) + F::multiple<1>()), to);
    });
}

// The functions that vectors/kernel.hpp lists, each in the processor's mode for products.
struct ScalarEntry {
    static void forward(u64* data, unsigned log_rows, size_t cols, const u64* table, size_t first_block, bool inverse_root,
                        void* space) {
        const ProductMode mode;
        vectors::forward(data, log_rows, cols, table, first_block, inverse_root, space);
    }
    static void backward(u64* data, unsigned log_rows, size_t cols, const u64* table, size_t first_block, bool inverse_root,
                         void* space) {
        const ProductMode mode;
        vectors::backward(data, log_rows, cols, table, first_block, inverse_root, space);
    }
    static void mul_into(u64* a, const u64* s, size_t n) {
        const ProductMode mode;
        vectors::mul_into(a, s, n);
    }
    static void mul_sub(u64* out, const u64* a, const u64* b, const u64* c, size_t n) {
        const ProductMode mode;
        vectors::mul_sub(out, a, b, c, n);
    }
    static constexpr ScalarKernel kernel = {network_bytes, forward, backward, mul_into, mul_sub};
};

}  // namespace
}  // namespace tickproof::vectors
