// What follows the sums of the buckets, for G1 and G2 alike: the sum of a window's buckets weighted by their numbers, the
// join of the windows, and the table of functions that vectors/kernel.hpp describes. Trees of affine additions do the bulk
// (vectors/curve.hpp); complete projective formulas, slower but without special cases, the few additions at their ends.
#pragma once

#include "vectors/curve.hpp"

namespace tickproof::vectors {
namespace {

template <class F>
struct Buckets : Curve<F> {
    using Points = Curve<F>;
    using typename Points::Slot;
    using typename Points::Space;
    using typename Points::Value;
    using Points::add_pairs, Points::kPointWords, Points::load, Points::space_at, Points::store;

    struct Projective {  // x = X/Z, y = Y/Z, eight of them; infinity is (0, 1, 0)
        Value x, y, z;
    };

    // --- complete projective arithmetic: few operations, no special cases ------------------------------------------

    static Value product(const Value& a, const Value& b) { return F::mul(a, b); }
    static Value sum(const Value& a, const Value& b) { return F::reduced(a + b); }
    static Value difference(const Value& a, const Value& b) { return F::reduced(a - b + F::template multiple<4>()); }

    // Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves" (2015), algorithm 7. Both
    // groups lie on curves of odd order, where it has no exceptions.
    __attribute__((noinline)) static Projective add(const Projective& p, const Projective& q) {
        const Value xx = product(p.x, q.x), yy = product(p.y, q.y);
        const Value zz = product(F::three_b(), product(p.z, q.z));
        const Value xx3 = sum(sum(xx, xx), xx);
        const Value xy = difference(difference(product(sum(p.x, p.y), sum(q.x, q.y)), xx), yy);
        const Value yz = sum(product(p.y, q.z), product(p.z, q.y));
        const Value xz = product(F::three_b(), sum(product(p.x, q.z), product(p.z, q.x)));
        const Value low = difference(yy, zz), high = sum(yy, zz);
        return {difference(product(xy, low), product(yz, xz)), sum(product(low, high), product(xx3, xz)),
                sum(product(yz, high), product(xx3, xy))};
    }
    static Projective infinity() { return {Value{}, F::template two_to<260>(), Value{}}; }

    // An affine point has x 2^256 in memory, which is one sixteenth of x where products divide by 2^260: so is its Z.
    static Projective projective(const Slot& p, Mask infinite) {
        const Projective none = infinity();
        return {select(infinite, none.x, p.x), select(infinite, none.y, p.y), select(infinite, none.z, F::template two_to<256>())};
    }

    template <int N>
    static Projective turned(const Projective& p) {
        return {rotate<N>(p.x), rotate<N>(p.y), rotate<N>(p.z)};
    }

    // The sum over the m = 2^levels slots of each lane, and (weighted) of j times slot j. The tree that sums slots 0..m-1
    // leaves at odd positions of its level t (slots (2i + 1) 2^t) what has bit t in its index; a tree over those, in the
    // same rounds, ends in slot 2^t. Then sum j S_j = sum 2^t slots[2^t].
    static void sum_slots(const Space& s, unsigned levels, Projective& total, Projective& weighted) {
        const size_t m = size_t{1} << levels;
        for (unsigned t = 0; t <= levels; ++t) {
            size_t k = 0;
            const size_t half = size_t{1} << t;
            for (size_t i = 0; i + half < m; i += 2 * half) s.pairs[k++] = {static_cast<u32>(i), static_cast<u32>(i + half)};
            // the tree of level `bit` starts one round after the level itself was summed
            for (unsigned bit = 0; bit < t; ++bit) {
                const size_t step = size_t{2} << bit, stride = step << (t - 1 - bit), from = size_t{1} << bit;
                for (size_t i = from; i + stride < m; i += 2 * stride)
                    s.pairs[k++] = {static_cast<u32>(i), static_cast<u32>(i + stride)};
            }
            add_pairs(s, k);
        }
        total = projective(s.slots[0], s.infinite[0]);
        // lane l stands m l further on: start from l times its total
        const Projective none = infinity();
        const u32 lane_bits[3] = {0xaa, 0xcc, 0xf0};
        weighted = none;
        for (int bit = 2; bit >= 0; --bit) {
            const Mask with = static_cast<Mask>(lane_bits[bit]);
            weighted = add(weighted, weighted);
            weighted = add(weighted, {select(with, total.x, none.x), select(with, total.y, none.y), select(with, total.z, none.z)});
        }
        for (unsigned t = levels; t-- > 0;) {
            weighted = add(weighted, weighted);
            weighted = add(weighted, projective(s.slots[size_t{1} << t], s.infinite[size_t{1} << t]));
        }
    }

    // out = the sum over i of (i + 1) buckets[i], as a projective point in every lane. The buckets go through the workspace
    // part by part, eight times `slots` of them at most; in a part, lane l takes the l-th eighth.
    __attribute__((noinline)) static void reduce_buckets(const u64* buckets, size_t n, void* memory, size_t slots, Projective* out) {
        alignas(64) static constexpr u64 zeros[kPointWords] = {};
        const Space s = space_at(memory, slots);
        unsigned levels = 0;
        while ((size_t{8} << levels) < n && (size_t{2} << levels) <= slots) ++levels;
        const size_t m = size_t{1} << levels;
        Projective sum = infinity(), running = sum, by_part = sum;
        for (size_t part = (n + 8 * m - 1) / (8 * m); part-- > 0;) {
            for (size_t i = 0; i < m; ++i) {
                const u64* rows[8];
                for (size_t lane = 0; lane < 8; ++lane) {
                    const size_t bucket = (8 * part + lane) * m + i;
                    rows[lane] = bucket < n ? buckets + bucket * kPointWords : zeros;
                }
                s.infinite[i] = load(rows, 0, s.slots[i]);
            }
            Projective total, weighted;
            sum_slots(s, levels, total, weighted);
            sum = add(sum, add(weighted, total));
            if (part == 0) break;
            running = add(running, total);
            by_part = add(by_part, running);
        }
        if (n > 8 * m) {
            for (unsigned i = 0; i < levels + 3; ++i) by_part = add(by_part, by_part);
            sum = add(sum, by_part);
        }
        sum = add(sum, turned<4>(sum));
        sum = add(sum, turned<2>(sum));
        *out = add(sum, turned<1>(sum));
    }

    // The sum over w of 2^shift(w) windows[w], where shifts are running sums of widths; affine, canonical, with the factor of
    // memory. Returns false (and zeros) for infinity.
    __attribute__((noinline)) static bool join_windows(const Projective* windows, const unsigned* widths, size_t n, u64* out) {
        Projective acc = infinity();
        for (size_t w = n; w-- > 0;) {
            for (unsigned i = 0; i < widths[w]; ++i) acc = add(acc, acc);
            acc = add(acc, windows[w]);
        }
        for (unsigned i = 0; i < kPointWords; ++i) out[i] = 0;
        Value inverse;
        if (!F::inverse_lane0(acc.z, inverse)) return false;
        // 2^518 / Z is 2^-2 short of 2^256 X / Z after two divisions by 2^260
        inverse = F::mul(inverse, F::template two_to<258>());
        const Value x = F::canonical(raw(F::mul(acc.x, inverse))), y = F::canonical(raw(F::mul(acc.y, inverse)));
        alignas(64) u64 rows[8][kPointWords];
        u64* at[8];
        for (int i = 0; i < 8; ++i) at[i] = rows[i];
        store({x, y}, 0, at);
        for (unsigned i = 0; i < kPointWords; ++i) out[i] = rows[0][i];
        return true;
    }
};

// The functions that vectors/kernel.hpp lists, each in the processor's mode for products.
template <class Group>
struct Entry {
    using Projective = typename Group::Projective;

    static void sum_chunks(const u64* points, const u32* entries, const Chunk* chunks, size_t n_chunks, u64* out, void* space,
                           size_t slots) {
        const ProductMode mode;
        Group::sum_chunks(points, entries, chunks, n_chunks, out, space, slots);
    }
    static void reduce_buckets(const u64* buckets, size_t n, void* space, size_t slots, void* window) {
        const ProductMode mode;
        Group::reduce_buckets(buckets, n, space, slots, static_cast<Projective*>(window));
    }
    static bool join_windows(const void* windows, const unsigned* widths, size_t n, u64* out) {
        const ProductMode mode;
        return Group::join_windows(static_cast<const Projective*>(windows), widths, n, out);
    }
    static void add_arrays(u64* a, const u64* b, size_t n, void* space, size_t slots) {
        const ProductMode mode;
        Group::add_arrays(a, b, n, space, slots);
    }
    static constexpr CurveKernel kernel = {Group::kPointWords, sizeof(Projective), Group::space_bytes, sum_chunks,
                                           reduce_buckets,     join_windows,       add_arrays};
};

}  // namespace
}  // namespace tickproof::vectors
