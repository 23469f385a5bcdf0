// The part of a multi-scalar multiplication that adds points, for G1 and G2 alike (F is FqVec or Fq2Vec): trees of affine
// additions in which all additions of a round are independent and share one inversion. sums/vector_msm.cpp decides which
// points meet in which bucket; this file adds them, exactly, whatever they are: equal, opposite or infinite. It allocates
// nothing and knows no threads.
//
// Affine addition costs 5 products and a square: the slope is (y2 - y1) / (x2 - x1), with the inverses of a whole round
// got from one by Montgomery's trick. Powers of two: memory holds x 2^256; products divide by 2^260; batches of inverses
// come as 2^518 / d, so the slope comes as 2^258 times itself, its square has the factor of memory again, and four times
// the slope times a coordinate has it too. A zero difference (equal or opposite points) makes the product of the whole
// round zero: only then does the round run again with every pair checked. In a slot,
// x lies below 1.01 p and y at most 2 p.
#pragma once

#include "vectors/fq2.hpp"
#include "vectors/kernel.hpp"

namespace tickproof::vectors {
namespace {

template <class F>
struct Curve {
    using Value = typename F::Value;
    static constexpr unsigned kPointWords = 2 * F::kWords;

    struct Slot {  // eight affine points
        Value x, y;
    };
    struct Pair {  // slots[a] += slots[b]
        u32 a, b;
    };
    struct Factor {  // what the way back through a round needs
        Value prefix, difference;
        Mask doubling, opposite;
    };

    // Points that the next block will read, fetched into the second-level cache while this one computes: they lie
    // anywhere in a key that is larger than any cache.
    struct Ahead {
        const u64* points = nullptr;
        const u32 *at = nullptr, *end = nullptr;

        VECTOR_INLINE void fetch(int n) {
            for (int i = 0; i < n && at < end; ++i, ++at) {
                if (*at == kNoEntry) continue;
                const u64* p = points + static_cast<size_t>(*at >> 1) * kPointWords;
                for (unsigned k = 0; k < kPointWords; k += 8) _mm_prefetch(p + k, _MM_HINT_T1);
                _mm_prefetch(p + kPointWords - 1, _MM_HINT_T1);  // sections of key files are not aligned
            }
        }
    };
    static constexpr u32 kNoEntry = ~u32{0};
    static constexpr int kFetchAhead = 16;  // points for two additions of eight, one way through a round

    // --- memory ---------------------------------------------------------------------------------------------------

    static VECTOR_INLINE Mask load(const u64* const* rows, Mask negative, Slot& out) {
        Lane w[kPointWords];
        Lane any = zeros();
        for (unsigned part = 0; part < kPointWords / 8; ++part) {
            Lane* r = w + 8 * part;
            for (int i = 0; i < 8; ++i) r[i] = load_lanes(rows[i] + 8 * part);
            transpose(r);
            for (int i = 0; i < 8; ++i) any = or64(any, r[i]);
        }
        out.x = F::from_words(w);
        const Value y = F::from_words(w + F::kWords);
        out.y = select(negative, normal(F::template multiple<2>() - y), y);
        return zero_lanes(any);
    }

    // Infinity leaves as zeros.
    static VECTOR_INLINE void store(const Slot& p, Mask infinite, u64* const* rows) {
        Lane w[kPointWords];
        F::to_words(p.x, w);
        F::to_words(p.y, w + F::kWords);
        const Mask finite = static_cast<Mask>(~infinite);
        for (unsigned part = 0; part < kPointWords / 8; ++part) {
            Lane* r = w + 8 * part;
            for (int i = 0; i < 8; ++i) r[i] = keep(finite, r[i]);
            transpose(r);
            for (int i = 0; i < 8; ++i) store_lanes(rows[i] + 8 * part, r[i]);
        }
    }

    // --- workspace ------------------------------------------------------------------------------------------------

    struct Space {
        Slot* slots;
        Factor* factors;
        Pair* pairs;
        u32* entries[2];  // of a block and of the next, eight a slot
        Mask* infinite;
    };
    static size_t space_bytes(size_t slots) {
        return slots * (sizeof(Slot) + 1 + 2 * 8 * sizeof(u32)) + slots / 2 * (sizeof(Factor) + sizeof(Pair)) + 256;
    }
    static Space space_at(void* memory, size_t slots) {  // memory: 64-byte aligned, slots: even
        auto* at = static_cast<unsigned char*>(memory);
        Space s;
        s.slots = reinterpret_cast<Slot*>(at), at += slots * sizeof(Slot);
        s.factors = reinterpret_cast<Factor*>(at), at += slots / 2 * sizeof(Factor);
        s.pairs = reinterpret_cast<Pair*>(at), at += slots / 2 * sizeof(Pair);
        for (u32*& entries : s.entries) entries = reinterpret_cast<u32*>(at), at += slots * 8 * sizeof(u32);
        s.infinite = at;
        return s;
    }

    // --- one round of additions -----------------------------------------------------------------------------------

    // What the pair's slope divides by, and 1 where there is nothing to divide: a term at infinity, or opposite points.
    // Checked also tells equal points (their slope divides by 2y) and opposite ones, whose sum is infinite.
    template <bool Checked>
    static VECTOR_INLINE Value divisor(const Slot* slots, const Mask* infinite, const Pair& pair, Factor& factor) {
        const Slot &p = slots[pair.a], &q = slots[pair.b];
        Value d = normal(q.x - p.x + F::template multiple<2>());
        Mask idle = infinite[pair.a] | infinite[pair.b];
        if constexpr (Checked) {
            const Mask same_x = F::is_zero(raw(d)) & static_cast<Mask>(~idle);
            const Value sum = normal(p.y + q.y);
            factor.opposite = F::is_zero(raw(sum)) & same_x;
            factor.doubling = same_x & static_cast<Mask>(~factor.opposite);
            d = select(factor.doubling, sum, d);
            idle |= factor.opposite;
        }
        if (__builtin_expect(idle != 0, 0)) d = select(idle, F::template two_to<256>(), d);
        return d;
    }

    // The sums of N pairs, step by step together: each step of one pair waits for its last, so another's fills the gap.
    template <bool Checked, int N>
    static VECTOR_INLINE void finish(Slot* slots, Mask* infinite, const Pair* pairs, const Value* inverse, const Factor* factors) {
        Value slope[N], x[N], y[N];
#pragma GCC unroll 2
        for (int k = 0; k < N; ++k) {
            const Slot &p = slots[pairs[k].a], &q = slots[pairs[k].b];
            Value rise = normal(q.y - p.y + F::template multiple<2>());
            if constexpr (Checked) {
                if (factors[k].doubling) rise = select(factors[k].doubling, tripled_square(p.x), rise);
            }
            slope[k] = F::mul(rise, inverse[k]);
        }
#pragma GCC unroll 2
        for (int k = 0; k < N; ++k) {
            const Slot &p = slots[pairs[k].a], &q = slots[pairs[k].b];
            x[k] = F::reduced(F::sqr_raw(slope[k]) + F::template multiple<3>() - p.x - q.x);
        }
#pragma GCC unroll 2
        for (int k = 0; k < N; ++k) {
            const Slot& p = slots[pairs[k].a];
            const Value fall = normal(times4(p.x - x[k] + F::template multiple<2>()));
            y[k] = F::reduced(F::mul_raw(slope[k], fall) + F::template multiple<2>() - p.y);
        }
#pragma GCC unroll 2
        for (int k = 0; k < N; ++k) {
            Slot& p = slots[pairs[k].a];
            const Mask ia = infinite[pairs[k].a], ib = infinite[pairs[k].b];
            if (__builtin_expect((ia | ib) != 0, 0)) {
                const Slot& q = slots[pairs[k].b];
                p.x = select(ia, q.x, select(ib, p.x, x[k]));
                p.y = select(ia, q.y, select(ib, p.y, y[k]));
                infinite[pairs[k].a] = ia & ib;
            } else {
                p.x = x[k];
                p.y = y[k];
            }
            if constexpr (Checked) infinite[pairs[k].a] |= factors[k].opposite;
        }
    }

    static VECTOR_INLINE Value tripled_square(const Value& x) {  // 3 x^2 with the factor of memory, below 4.5 p
        const Value s = F::mul(F::sqr(x), F::template two_to<264>());
        return normal(F::reduced(s + s) + s);
    }

    // Two chains, pair by pair in turn, so that one chain's latency is the other's work.
    template <bool Checked>
    static bool round(Slot* slots, Mask* infinite, const Pair* pairs, size_t n, Factor* factors, Ahead& ahead) {
        Value chain[2] = {F::template two_to<260>(), F::template two_to<260>()};
        size_t i = 0;
        for (; i + 1 < n; i += 2) {
            Factor &f = factors[i], &g = factors[i + 1];
            ahead.fetch(kFetchAhead);
            f.difference = divisor<Checked>(slots, infinite, pairs[i], f);
            g.difference = divisor<Checked>(slots, infinite, pairs[i + 1], g);
            f.prefix = chain[0];
            g.prefix = chain[1];
            chain[0] = F::mul(chain[0], f.difference);
            chain[1] = F::mul(chain[1], g.difference);
        }
        if (i < n) {
            Factor& f = factors[i];
            f.difference = divisor<Checked>(slots, infinite, pairs[i], f);
            f.prefix = chain[0];
            chain[0] = F::mul(chain[0], f.difference);
        }
        Value inverse;
        if (!F::inverse_each(F::mul(chain[0], chain[1]), inverse)) return false;
        Value back[2] = {F::mul(inverse, chain[1]), F::mul(inverse, chain[0])};
        if (i < n) {
            const Factor& f = factors[i];
            const Value d = F::mul(back[0], f.prefix);
            back[0] = F::mul(back[0], f.difference);
            finish<Checked, 1>(slots, infinite, pairs + i, &d, &f);
        }
        while (i > 0) {
            i -= 2;
            const Factor &f = factors[i], &g = factors[i + 1];
            ahead.fetch(kFetchAhead);
            const Value inverses[2] = {F::mul(back[0], f.prefix), F::mul(back[1], g.prefix)};
            back[0] = F::mul(back[0], f.difference);
            back[1] = F::mul(back[1], g.difference);
            finish<Checked, 2>(slots, infinite, pairs + i, inverses, &f);
        }
        return true;
    }

    static void add_pairs(const Space& s, size_t n, Ahead& ahead) {
        if (n == 0 || round<false>(s.slots, s.infinite, s.pairs, n, s.factors, ahead)) return;
        round<true>(s.slots, s.infinite, s.pairs, n, s.factors, ahead);
    }
    static void add_pairs(const Space& s, size_t n) {
        Ahead nothing;
        add_pairs(s, n, nothing);
    }

    // --- sums of runs of points -------------------------------------------------------------------------------------

    // Chunks [first, last), eight a group, a group as long as its first chunk.
    struct Block {
        size_t first, last, slots;
    };

    // The longest block from `first` on; its entries in the order of loading, absent ones marked.
    static Block next_block(const u32* entries, const Chunk* chunks, size_t n_chunks, size_t first, size_t slots, u32* out) {
        Block block{first, first, 0};
        for (; block.last < n_chunks && block.slots + chunks[block.last].length <= slots; block.last += 8) {
            const u32 longest = chunks[block.last].length;
            u32* group = out + 8 * block.slots;
            for (size_t lane = 0; lane < 8; ++lane) {
                const bool real = block.last + lane < n_chunks;
                const u32* from = entries + (real ? chunks[block.last + lane].start : 0);
                const u32 length = real ? chunks[block.last + lane].length : 0;
                for (u32 j = 0; j < length; ++j) group[8 * j + lane] = from[j];
                for (u32 j = length; j < longest; ++j) group[8 * j + lane] = kNoEntry;
            }
            block.slots += longest;
        }
        if (block.last > n_chunks) block.last = n_chunks;
        return block;
    }

    // For each chunk: out[chunk.target] = the sum of its entries' points. Chunks come longest first, so that the eight of
    // a group are of one length almost always; short lanes are filled with infinity.
    __attribute__((noinline)) static void sum_chunks(const u64* points, const u32* entries, const Chunk* chunks, size_t n_chunks, u64* out,
                           void* memory, size_t slots) {
        alignas(64) static constexpr u64 infinity[kPointWords] = {};
        const Space s = space_at(memory, slots);
        u64* const spare = reinterpret_cast<u64*>(s.factors);  // lanes beyond the last chunk store here
        int which = 0;
        Block block = next_block(entries, chunks, n_chunks, 0, slots, s.entries[which]);
        while (block.slots) {
            const u32* at = s.entries[which];
            for (size_t i = 0; i < block.slots; ++i, at += 8) {
                const u64* rows[8];
                unsigned negative = 0;
                for (unsigned lane = 0; lane < 8; ++lane) {
                    rows[lane] = at[lane] == kNoEntry ? infinity : points + static_cast<size_t>(at[lane] >> 1) * kPointWords;
                    negative |= (at[lane] & 1) << lane;
                }
                s.infinite[i] = load(rows, static_cast<Mask>(negative), s.slots[i]);
            }
            which ^= 1;
            const Block next = next_block(entries, chunks, n_chunks, block.last, slots, s.entries[which]);
            Ahead ahead{points, s.entries[which], s.entries[which] + 8 * next.slots};
            for (u32 stride = 1; stride < chunks[block.first].length; stride *= 2) {
                size_t n = 0;
                u32 base = 0;
                for (size_t g = block.first; g < block.last && chunks[g].length > stride; g += 8) {
                    for (u32 j = 0; j + stride < chunks[g].length; j += 2 * stride) s.pairs[n++] = {base + j, base + j + stride};
                    base += chunks[g].length;
                }
                add_pairs(s, n, ahead);
            }
            size_t base = 0;
            for (size_t g = block.first; g < block.last; g += 8) {
                u64* rows[8];
                for (size_t lane = 0; lane < 8; ++lane)
                    rows[lane] = g + lane < n_chunks ? out + static_cast<size_t>(chunks[g + lane].target) * kPointWords : spare;
                store(s.slots[base], s.infinite[base], rows);
                base += chunks[g].length;
            }
            block = next;
        }
    }

    // a[i] += b[i] for i < n, canonical.
    __attribute__((noinline)) static void add_arrays(u64* a, const u64* b, size_t n, void* memory, size_t slots) {
        alignas(64) static constexpr u64 infinity[kPointWords] = {};
        const Space s = space_at(memory, slots);
        u64* const spare = reinterpret_cast<u64*>(s.factors);
        for (size_t from = 0; from < n; from += 4 * slots) {
            const size_t count = n - from < 4 * slots ? n - from : 4 * slots, vectors = (count + 7) / 8;
            const auto rows_of = [&](const u64* array, size_t vector, const u64** rows) {
                for (size_t lane = 0; lane < 8; ++lane) {
                    const size_t i = 8 * vector + lane;
                    rows[lane] = i < count ? array + (from + i) * kPointWords : infinity;
                }
            };
            const u64* rows[8];
            for (size_t v = 0; v < vectors; ++v) {
                s.pairs[v] = {static_cast<u32>(2 * v), static_cast<u32>(2 * v + 1)};
                rows_of(a, v, rows);
                s.infinite[2 * v] = load(rows, 0, s.slots[2 * v]);
                rows_of(b, v, rows);
                s.infinite[2 * v + 1] = load(rows, 0, s.slots[2 * v + 1]);
            }
            add_pairs(s, vectors);
            for (size_t v = 0; v < vectors; ++v) {
                u64* to[8];
                for (size_t lane = 0; lane < 8; ++lane) {
                    const size_t i = 8 * v + lane;
                    to[lane] = i < count ? a + (from + i) * kPointWords : spare;
                }
                const Slot& sum = s.slots[2 * v];
                store({F::canonical(raw(sum.x)), F::canonical(raw(sum.y))}, s.infinite[2 * v], to);
            }
        }
    }
};

}  // namespace
}  // namespace tickproof::vectors
