#include "sums/msm.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "process/threads.hpp"
#include "sums/batch_affine.hpp"
#include "sums/signed_windows.hpp"
#include "sums/vector_msm.hpp"
#include "vectors/kernel.hpp"

namespace tickproof {
namespace {

// Multiplications for one window size; the constants were fitted to measurements (bench/prover.py prints the counts).
double cost(unsigned c, double full, double small) {
    const double buckets = static_cast<double>(u64{1} << (c - 1));
    const double per_entry = 6.6;       // an affine addition, its share of inversions, and the sorting
    const double per_bucket = 2 * 7.5;  // running sum and total
    return windows_of(c) * (full * per_entry + buckets * per_bucket + 400) + small * per_entry;
}

unsigned choose_window(std::size_t full, std::size_t small) {
    unsigned best = min_window;
    for (unsigned c = min_window; c <= max_window; ++c)
        if (cost(c, static_cast<double>(full), static_cast<double>(small)) <
            cost(best, static_cast<double>(full), static_cast<double>(small)))
            best = c;
    return best;
}

template <class G>
Affine<G> load_point(const std::uint8_t* bases, std::size_t i) {
    Affine<G> p;
    std::memcpy(&p, bases + i * sizeof(Affine<G>), sizeof p);
    return p;
}

// For each segment s: out[s] = sum over j in [offsets[s], offsets[s+1]) of (+-) bases[entry_j >> 1], minus when bit 0 of the
// entry is set. Callers keep offsets[segments] - offsets[0] <= bucket_block_entries, so the scratch stays in cache.
constexpr std::size_t bucket_block_entries = 8192;

template <class G>
[[gnu::flatten]] void bucket_sums(const std::uint8_t* bases, const std::uint32_t* entries, const std::uint32_t* offsets,
                 std::size_t segments, Affine<G>* out) {
    struct Scratch {
        std::vector<Affine<G>> points[2];
        std::vector<std::uint32_t> length, from, to;
        BatchScratch<G> batch;
    };
    thread_local Scratch scratch;
    const std::size_t n = offsets[segments] - offsets[0];
    if (scratch.points[0].size() < n) scratch.points[0].resize(n);
    if (scratch.points[1].size() < n) scratch.points[1].resize(n);
    if (scratch.from.size() < n) {
        scratch.from.resize(n);
        scratch.to.resize(n);
    }
    if (scratch.length.size() < segments) scratch.length.resize(segments);

    Affine<G>* source = scratch.points[0].data();
    Affine<G>* target = scratch.points[1].data();
    const std::uint32_t* first = entries + offsets[0];
    for (std::size_t j = 0; j < n; ++j) {
        if (j + 16 < n) {
            const std::uint8_t* ahead = bases + (first[j + 16] >> 1) * sizeof(Affine<G>);
            __builtin_prefetch(ahead);
            __builtin_prefetch(ahead + sizeof(Affine<G>) - 1);
        }
        Affine<G> p = load_point<G>(bases, first[j] >> 1);
        if (first[j] & 1) p.y = -p.y;
        source[j] = p;
    }
    std::uint32_t longest = 0;
    for (std::size_t s = 0; s < segments; ++s) {
        scratch.length[s] = offsets[s + 1] - offsets[s];
        longest = std::max(longest, scratch.length[s]);
    }
    while (longest > 1) {
        std::size_t pairs = 0;
        std::uint32_t read = 0, write = 0;
        for (std::size_t s = 0; s < segments; ++s) {
            const std::uint32_t length = scratch.length[s];
            for (std::uint32_t k = 0; k + 1 < length; k += 2) {
                scratch.from[pairs] = read + k;
                scratch.to[pairs++] = write++;
            }
            if (length & 1) target[write++] = source[read + length - 1];
            read += length;
            scratch.length[s] = (length + 1) / 2;
        }
        batch_affine_add<G>(
            pairs, [&](std::size_t k) -> const Affine<G>& { return source[scratch.from[k]]; },
            [&](std::size_t k) -> const Affine<G>& { return source[scratch.from[k] + 1]; },
            [&](std::size_t k, const Affine<G>& p) { target[scratch.to[k]] = p; }, scratch.batch);
        std::swap(source, target);
        longest = (longest + 1) / 2;
    }
    for (std::size_t s = 0, read = 0; s < segments; ++s) out[s] = scratch.length[s] ? source[read++] : Affine<G>::infinity();
}

// One kind of scalar list with its digits, column by column.
struct Digits {
    std::vector<std::uint32_t> index;     // of the base; full scalars first, then those that window 0 holds whole
    std::size_t full = 0;
    std::unique_ptr<std::uint16_t[]> first;   // window 0 of all
    std::unique_ptr<std::uint16_t[]> others;  // windows 1.. of the full ones, window-major

    const std::uint16_t* column(unsigned w) const { return w == 0 ? first.get() : others.get() + (w - 1) * full; }
    std::size_t length(unsigned w) const { return w == 0 ? index.size() : full; }
};

bool is_small(const Limbs& k, u64 bound) {
    if (k[1] == 0 && k[2] == 0 && k[3] == 0) return k[0] < bound;
    if (k[3] != Fr::modulus[3] || !limbs::less(half_modulus, k)) return false;
    Limbs d = Fr::modulus;
    limbs::sub_from(d, k);
    return (d[1] | d[2] | d[3]) == 0 && d[0] < bound;
}

template <class G>
bool base_is_infinity(const std::uint8_t* bases, std::size_t i) {
    const std::uint8_t* p = bases + i * sizeof(Affine<G>);
    u64 words[sizeof(Affine<G>) / 8];
    std::memcpy(words, p, 32);
    if (words[0] | words[1] | words[2] | words[3]) return false;
    std::memcpy(words, p, sizeof(Affine<G>));
    u64 any = 0;
    for (u64 w : words) any |= w;
    return any == 0;
}

template <class G>
Digits recode(const std::uint8_t* bases, const Limbs* scalars, std::size_t n, unsigned& window) {
    // Window 0 of every size holds numbers below this; the exact bound depends on the window chosen below.
    enum : std::uint8_t { skip, small, full };
    const std::size_t pieces = std::max<std::size_t>(1, std::min<std::size_t>(4 * threads::count(), n / 1024));
    const std::size_t step = (n + pieces - 1) / pieces;
    std::vector<std::uint8_t> kind(n);
    std::vector<std::size_t> fulls(pieces + 1), smalls(pieces + 1);
    // "small" = fits the smallest window that could be chosen for this many scalars; a fixed 2^7 keeps it simple, and a
    // number between that and the window's reach costs only empty digits.
    const u64 bound = window ? u64{1} << (window - 1) : u64{1} << 7;
    threads::parallel_tasks(pieces, [&](std::size_t t) {
        std::size_t f = 0, s = 0;
        for (std::size_t i = t * step, end = std::min(n, i + step); i < end; ++i) {
            const Limbs& k = scalars[i];
            if (limbs::is_zero(k) || base_is_infinity<G>(bases, i)) {
                kind[i] = skip;
            } else if (is_small(k, bound)) {
                kind[i] = small;
                ++s;
            } else {
                kind[i] = full;
                ++f;
            }
        }
        fulls[t + 1] = f;
        smalls[t + 1] = s;
    });
    for (std::size_t t = 0; t < pieces; ++t) {
        fulls[t + 1] += fulls[t];
        smalls[t + 1] += smalls[t];
    }
    Digits d;
    d.full = fulls[pieces];
    const std::size_t total = d.full + smalls[pieces];
    if (window == 0) {
        window = choose_window(d.full, smalls[pieces]);
        if (smalls[pieces]) window = std::max(window, 9u);  // 2^7 must fit window 0
    }
    const unsigned c = window, count = windows_of(c);
    const Wide bias = bias_of(c);
    d.index.resize(total);
    d.first.reset(new std::uint16_t[total]);
    d.others.reset(new std::uint16_t[d.full * (count - 1)]);
    threads::parallel_tasks(pieces, [&](std::size_t t) {
        std::size_t f = fulls[t], s = d.full + smalls[t];
        for (std::size_t i = t * step, end = std::min(n, i + step); i < end; ++i) {
            if (kind[i] == skip) continue;
            const Wide k = biased(scalars[i], bias);
            if (kind[i] == small) {
                d.index[s] = static_cast<std::uint32_t>(i);
                d.first[s++] = window_at(k, 0, c);
            } else {
                d.index[f] = static_cast<std::uint32_t>(i);
                d.first[f] = window_at(k, 0, c);
                for (unsigned w = 1; w < count; ++w) d.others[(w - 1) * d.full + f] = window_at(k, c * w, c);
                ++f;
            }
        }
    });
    return d;
}

// The buckets of windows [low, high): entries sorted by (window, bucket), summed block by block.
template <class G>
class WindowGroup {
   public:
    WindowGroup(const std::uint8_t* bases, const Digits& digits, unsigned c) : bases_(bases), digits_(digits), c_(c) {}

    // Leaves the sums of window w's bucket k (weight k + 1) in buckets[(w - low) * 2^(c-1) + k].
    void run(unsigned low, unsigned high, MsmCounts& counts) {
        const std::size_t per_window = std::size_t{1} << (c_ - 1);
        const std::size_t all = (high - low) * per_window;
        sort(low, high, per_window);
        std::size_t filled = 0;
        segments_.clear();
        owner_.clear();
        for (std::size_t b = 0; b < all; ++b) {
            std::uint32_t begin = offsets_[b];
            const std::uint32_t end = offsets_[b + 1];
            filled += end > begin;
            do {  // a bucket that outgrows a block is cut, and its pieces are added up afterwards
                segments_.push_back(begin);
                owner_.push_back(static_cast<std::uint32_t>(b));
                begin = static_cast<std::uint32_t>(std::min<std::size_t>(end, begin + bucket_block_entries));
            } while (begin < end);
        }
        const std::size_t pieces = segments_.size();
        segments_.push_back(offsets_[all]);
        counts.bucket_adds += offsets_[all] - filled;

        // Blocks of whole segments, at most bucket_block_entries entries each, and enough of them for all threads.
        const std::size_t block = std::max<std::size_t>(
            512, std::min<std::size_t>(bucket_block_entries, offsets_[all] / (2 * threads::count()) + 1));
        std::vector<std::size_t> tasks{0};
        for (std::size_t s = 0; s < pieces; ++s) {
            if (segments_[s + 1] - segments_[tasks.back()] > block && s > tasks.back()) tasks.push_back(s);
        }
        tasks.push_back(pieces);
        buckets.resize(pieces);
        threads::parallel_tasks(tasks.size() - 1, [&](std::size_t t) {
            bucket_sums<G>(bases_, entries_.data(), segments_.data() + tasks[t], tasks[t + 1] - tasks[t],
                           buckets.data() + tasks[t]);
        });
        if (pieces != all) {
            for (std::size_t s = 0; s < pieces;) {
                const std::size_t b = owner_[s];
                if (s + 1 == pieces || owner_[s + 1] != b) {
                    buckets[b] = buckets[s++];
                    continue;
                }
                Xyzz<G> total = Xyzz<G>::from(buckets[s++]);
                for (; s < pieces && owner_[s] == b; ++s) total.add(buckets[s]);
                buckets[b] = total.to_affine();
            }
            buckets.resize(all);
        }
    }

    std::vector<Affine<G>> buckets;

   private:
    void sort(unsigned low, unsigned high, std::size_t per_window) {
        const std::size_t all = (high - low) * per_window;
        const int half = 1 << (c_ - 1);
        const std::size_t pieces =
            std::max<std::size_t>(1, std::min<std::size_t>(threads::count(), digits_.length(low) * (high - low) / 4096));
        histograms_.assign(pieces * all, 0);
        auto range = [&](std::size_t t, unsigned w) {
            const std::size_t n = digits_.length(w);
            return std::pair{n * t / pieces, n * (t + 1) / pieces};
        };
        threads::parallel_tasks(pieces, [&](std::size_t t) {
            for (unsigned w = low; w < high; ++w) {
                std::uint32_t* histogram = histograms_.data() + t * all + (w - low) * per_window;
                const std::uint16_t* column = digits_.column(w);
                auto [begin, end] = range(t, w);
                for (std::size_t i = begin; i < end; ++i) {
                    const int digit = static_cast<int>(column[i]) - half;
                    if (digit) ++histogram[(digit < 0 ? -digit : digit) - 1];
                }
            }
        });
        offsets_.resize(all + 1);
        std::uint32_t running = 0;
        for (std::size_t b = 0; b < all; ++b) {
            offsets_[b] = running;
            for (std::size_t t = 0; t < pieces; ++t) {
                const std::uint32_t count = histograms_[t * all + b];
                histograms_[t * all + b] = running;
                running += count;
            }
        }
        offsets_[all] = running;
        if (entries_.size() < running) entries_.resize(running);
        threads::parallel_tasks(pieces, [&](std::size_t t) {
            for (unsigned w = low; w < high; ++w) {
                std::uint32_t* place = histograms_.data() + t * all + (w - low) * per_window;
                const std::uint16_t* column = digits_.column(w);
                auto [begin, end] = range(t, w);
                for (std::size_t i = begin; i < end; ++i) {
                    const int digit = static_cast<int>(column[i]) - half;
                    if (digit == 0) continue;
                    const std::uint32_t negative = digit < 0;
                    entries_[place[(negative ? -digit : digit) - 1]++] = (digits_.index[i] << 1) | negative;
                }
            }
        });
    }

    const std::uint8_t* bases_;
    const Digits& digits_;
    unsigned c_;
    std::vector<std::uint32_t> histograms_, offsets_, entries_, segments_, owner_;
};

// sum of (k + 1) buckets[k] for each of `windows` arrays of `per_window` buckets.
template <class G>
std::vector<Xyzz<G>> weighted_sums(const std::vector<Affine<G>>& buckets, std::size_t windows, std::size_t per_window,
                                   MsmCounts& counts) {
    // Chains of `length` buckets; all chains of a task advance together, one shared inversion a step.
    std::size_t length = std::min<std::size_t>(per_window, 32);
    while (length > 4 && windows * (per_window / length) < 256 * threads::count()) length /= 2;
    const std::size_t chains_per_window = per_window / length;
    const std::size_t chains = windows * chains_per_window;
    std::vector<Affine<G>> run(chains), total(chains);
    const std::size_t tasks = std::max<std::size_t>(1, std::min<std::size_t>(2 * threads::count(), chains / 256));
    threads::parallel_tasks(tasks, [&](std::size_t t) {
        const std::size_t begin = chains * t / tasks, end = chains * (t + 1) / tasks, n = end - begin;
        // first half: running sums, second half: totals; a step adds the next bucket to the run and the old run to the total
        std::vector<Affine<G>> state(2 * n, Affine<G>::infinity()), step(2 * n);
        for (std::size_t j = length; j-- > 0;) {
            for (std::size_t i = 0; i < n; ++i) {
                step[i] = buckets[(begin + i) * length + j];
                step[n + i] = state[i];
            }
            batch_add<G>(state.data(), step.data(), j + 1 == length ? n : 2 * n);
        }
        batch_add<G>(state.data() + n, state.data(), n);
        std::copy_n(state.data(), n, run.data() + begin);
        std::copy_n(state.data() + n, n, total.data() + begin);
    });
    counts.reduction_adds += 2 * chains * length;
    std::vector<Xyzz<G>> out(windows);
    threads::parallel_tasks(windows, [&](std::size_t w) {
        // sum of total_s + length * s * run_s
        Xyzz<G> sum = Xyzz<G>::infinity(), running = Xyzz<G>::infinity(), weighted = Xyzz<G>::infinity();
        for (std::size_t s = chains_per_window; s-- > 0;) {
            weighted.add(running);
            running.add(run[w * chains_per_window + s]);
            sum.add(total[w * chains_per_window + s]);
        }
        for (std::size_t k = length; k > 1; k /= 2) weighted = weighted.dbl();
        sum.add(weighted);
        out[w] = sum;
    });
    return out;
}

}  // namespace

template <class G>
[[gnu::flatten]] void batch_add(Affine<G>* a, const Affine<G>* b, std::size_t n) {
    if (vectors::kernels().g1) return vectors::batch_add<G>(a, b, n);
    thread_local BatchScratch<G> scratch;
    batch_affine_add<G>(
        n, [&](std::size_t k) -> const Affine<G>& { return a[k]; }, [&](std::size_t k) -> const Affine<G>& { return b[k]; },
        [&](std::size_t k, const Affine<G>& p) { a[k] = p; }, scratch);
}

template <class G>
Affine<G> msm(const std::uint8_t* bases, const Limbs* scalars, std::size_t n, MsmCounts* counts, unsigned window) {
    if (vectors::kernels().g1) return vectors::msm<G>(bases, scalars, n, counts, window);
    MsmCounts local;
    local.scalars = n;
    if (window && (window < min_window || window > max_window)) throw MalformedInput("the window is 3 to 16 bits");
    if (n >= (std::size_t{1} << 31)) throw MalformedInput("too many scalars");
    const Digits digits = recode<G>(bases, scalars, n, window);
    local.window = window;
    local.full = digits.full;
    const std::size_t per_window = std::size_t{1} << (window - 1);
    const unsigned count = digits.full ? windows_of(window) : 1;

    Xyzz<G> sum = Xyzz<G>::infinity();
    WindowGroup<G> group(bases, digits, window);
    // Many windows at once while they are small: fewer inversions, fewer barriers.
    for (unsigned high = count; high > 0;) {
        unsigned low = high - 1;
        std::size_t entries = digits.length(low);
        while (low > 0 && entries + digits.length(low - 1) <= 65536 && (high - low + 1) * per_window <= 65536)
            entries += digits.length(--low);
        group.run(low, high, local);
        std::vector<Xyzz<G>> sums = weighted_sums<G>(group.buckets, high - low, per_window, local);
        for (unsigned w = high; w-- > low;) {
            for (unsigned k = 0; k < window && !sum.is_infinity(); ++k) sum = sum.dbl();
            sum.add(sums[w - low]);
        }
        high = low;
    }
    if (counts) *counts += local;
    return sum.to_affine();
}

template Affine<G1> msm<G1>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);
template Affine<G2> msm<G2>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);
template void batch_add<G1>(Affine<G1>*, const Affine<G1>*, std::size_t);
template void batch_add<G2>(Affine<G2>*, const Affine<G2>*, std::size_t);

}  // namespace tickproof
