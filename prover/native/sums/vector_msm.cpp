// The portable half of the vector engine's multi-scalar multiplication: which window size, which point meets which bucket
// and in what order, and what each thread does. vectors/curve.hpp adds the points.
//
// A scalar above r/2 counts as its negative, so that small numbers of either sign have few digits. Scalars are ordered by
// how many signed windows they need: column w of the digits holds only those that reach window w, so zeros cost nothing and
// bits cost one addition. A task is one window, or one of several equal pieces of a long one; it sorts its digits
// by bucket, cuts long buckets into chunks of bounded length, orders chunks by length (the vector kernel adds eight of one
// length together), and ends in one point. Tasks share nothing, so threads meet only at the end.
#include "sums/vector_msm.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "process/threads.hpp"
#include "sums/signed_windows.hpp"
#include "vectors/buffer.hpp"
#include "vectors/kernel.hpp"

namespace tickproof::vectors {
namespace {

constexpr unsigned kMaxBits = 253;  // of |k| <= r/2
constexpr std::uint32_t kLongestChunk = 64;

// Numbers of up to `bits` bits, of either sign, fit this many signed windows of c >= 3 bits: w of them reach beyond
// 2^(cw - 2) both ways.
unsigned windows_for(unsigned bits, unsigned c) { return bits == 0 ? 0 : (bits + 2 + c - 1) / c; }

struct Task {
    unsigned window;
    std::size_t begin, end;  // of the window's column
};

struct Plan {
    unsigned c = 0;
    std::vector<std::size_t> columns;  // how many scalars reach window w
    std::vector<Task> tasks;           // windows in falling order, pieces of a window together
    double makespan = 0;
};

struct Machine {
    unsigned threads;
    double task_cost;  // sorting and the serial end of a task, in affine additions
};

// `lengths[b]`: how many scalars have b bits.
Plan plan_for(unsigned c, const std::vector<std::size_t>& lengths, const Machine& machine) {
    Plan plan;
    plan.c = c;
    const std::size_t buckets = std::size_t{1} << (c - 1);
    std::vector<std::size_t> reach;  // the highest bucket that a window's digits can name: all below it are weighed
    for (unsigned bits = 1; bits <= kMaxBits; ++bits) {
        if (!lengths[bits]) continue;
        const unsigned count = windows_for(bits, c);
        if (plan.columns.size() < count) {
            plan.columns.resize(count);
            reach.resize(count);
        }
        for (unsigned w = 0; w < count; ++w) {
            plan.columns[w] += lengths[bits];
            reach[w] = std::max(reach[w], std::size_t{1} << std::min(bits > c * w ? bits - c * w : 0, c - 1));
        }
    }
    const auto cost = [&](std::size_t w, std::size_t entries) {
        return static_cast<double>(entries + reach[w]) + machine.task_cost;
    };
    double whole = 0;
    for (std::size_t w = 0; w < plan.columns.size(); ++w) whole += cost(w, plan.columns[w]);
    // Pieces only where one window would hold up the rest: each pays for its own buckets.
    const double share = whole / machine.threads / 2;
    std::vector<double> costs;
    for (std::size_t w = plan.columns.size(); w-- > 0;) {
        const std::size_t entries = plan.columns[w];
        std::size_t pieces = 1;
        while (machine.threads > 1 && pieces < 4 * machine.threads && cost(w, entries / pieces) > share &&
               entries / pieces > 2 * buckets)
            ++pieces;
        for (std::size_t p = 0; p < pieces; ++p) {
            plan.tasks.push_back({static_cast<unsigned>(w), entries * p / pieces, entries * (p + 1) / pieces});
            costs.push_back(cost(w, entries / pieces));
        }
    }
    std::sort(costs.rbegin(), costs.rend());
    std::vector<double> load(machine.threads);
    for (const double k : costs) *std::min_element(load.begin(), load.end()) += k;
    plan.makespan = *std::max_element(load.begin(), load.end());
    return plan;
}

unsigned bits_of(const Limbs& k) {
    if (!limbs::less(half_modulus, k)) return static_cast<unsigned>(limbs::bit_length(k));
    Limbs negative = Fr::modulus;
    limbs::sub_from(negative, k);
    return static_cast<unsigned>(limbs::bit_length(negative));
}

bool is_infinity(const std::uint8_t* point, std::size_t words) {
    u64 any = 0;
    for (std::size_t i = 0; i < words; i += 4) {
        u64 w[4];
        std::memcpy(w, point + 8 * i, sizeof w);
        any |= w[0] | w[1] | w[2] | w[3];
        if (any) return false;
    }
    return true;
}

struct Digits {
    Plan plan;
    std::vector<std::uint32_t> index;  // of the bases, those with most windows first
    std::unique_ptr<std::int16_t[]> values;
    std::vector<std::size_t> start;  // of each column in `values`
    std::size_t full = 0;
};

Digits recode(const std::uint8_t* bases, const Limbs* scalars, std::size_t n, std::size_t point_words, unsigned window,
              const Machine& machine) {
    const std::size_t pieces = std::max<std::size_t>(1, std::min<std::size_t>(4 * machine.threads, n / 1024));
    const auto piece = [&](std::size_t t) { return std::pair{n * t / pieces, n * (t + 1) / pieces}; };
    const std::unique_ptr<std::uint8_t[]> bits(new std::uint8_t[n + 1]);
    std::vector<std::vector<std::size_t>> lengths(pieces, std::vector<std::size_t>(kMaxBits + 1));
    threads::parallel_tasks(pieces, [&](std::size_t t) {
        const auto [begin, end] = piece(t);
        for (std::size_t i = begin; i < end; ++i) {
            unsigned b = bits_of(scalars[i]);
            if (b && is_infinity(bases + 8 * point_words * i, point_words)) b = 0;
            bits[i] = static_cast<std::uint8_t>(b);
            ++lengths[t][b];
        }
    });
    std::vector<std::size_t> all(kMaxBits + 1);
    for (const auto& piece_lengths : lengths)
        for (unsigned b = 0; b <= kMaxBits; ++b) all[b] += piece_lengths[b];

    Digits d;
    if (window) {
        d.plan = plan_for(window, all, machine);
    } else {
        for (unsigned c = min_window; c <= max_window; ++c) {
            Plan plan = plan_for(c, all, machine);
            if (c == min_window || plan.makespan < d.plan.makespan) d.plan = std::move(plan);
        }
    }
    const unsigned c = d.plan.c;
    const std::size_t windows = d.plan.columns.size();
    std::size_t total = 0;
    for (const std::size_t column : d.plan.columns) {
        d.start.push_back(total);
        total += column;
    }
    d.values.reset(new std::int16_t[total + 1]);
    d.index.resize(windows ? d.plan.columns[0] : 0);
    for (unsigned b = 1; b <= kMaxBits; ++b)
        if (windows_for(b, c) > 1) d.full += all[b];
    // place[t][k]: where piece t puts its next scalar of k windows
    std::vector<std::vector<std::size_t>> place(pieces, std::vector<std::size_t>(windows + 1));
    std::size_t at = 0;
    for (std::size_t k = windows; k > 0; --k)
        for (std::size_t t = 0; t < pieces; ++t) {
            place[t][k] = at;
            for (unsigned b = 1; b <= kMaxBits; ++b)
                if (windows_for(b, c) == k) at += lengths[t][b];
        }
    const Wide bias = bias_of(c);
    const int half = 1 << (c - 1);
    threads::parallel_tasks(pieces, [&](std::size_t t) {
        const auto [begin, end] = piece(t);
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t k = windows_for(bits[i], c);
            if (k == 0) continue;
            const std::size_t row = place[t][k]++;
            d.index[row] = static_cast<std::uint32_t>(i);
            const Wide v = biased(scalars[i], bias);
            for (std::size_t w = 0; w < k; ++w) {
                const auto bit = static_cast<unsigned>(c * w);
                d.values[d.start[w] + row] = static_cast<std::int16_t>(window_at(v, bit, c) - half);
            }
        }
    });
    return d;
}

// What one thread needs, kept from task to task of one call.
struct Worker {
    std::vector<std::uint32_t> offsets, entries;
    std::vector<Chunk> chunks, sorted;
    Buffer sums, space;
};

// Longest first.
void sort_chunks(std::vector<Chunk>& chunks, std::vector<Chunk>& out) {
    std::size_t count[kLongestChunk + 1] = {};
    for (const Chunk& chunk : chunks) ++count[chunk.length];
    std::size_t at = 0;
    for (std::size_t length = kLongestChunk + 1; length-- > 0;) {
        const std::size_t k = count[length];
        count[length] = at;
        at += k;
    }
    out.resize(chunks.size());
    for (const Chunk& chunk : chunks) out[count[chunk.length]++] = chunk;
}

// Enough vectors that the one inversion of a round is a small part of it, and few enough that they, what the way back
// needs of each pair, and the points fetched ahead stay in a second-level cache of 512 KiB.
std::size_t slots_for(const CurveKernel& kernel) { return 2048 / kernel.point_words; }

struct Tally {
    std::size_t bucket_adds = 0, reduction_adds = 0;
};

void run_task(const CurveKernel& kernel, const std::uint8_t* bases, const Digits& digits, const Task& task, Worker& worker,
              void* window, Tally& tally) {
    const std::int16_t* column = digits.values.get() + digits.start[task.window];
    const std::size_t most = std::size_t{1} << (digits.plan.c - 1);
    auto& offsets = worker.offsets;
    offsets.assign(most + 2, 0);
    // offsets[b + 2] counts bucket b, then offsets[b + 1] is where its next entry goes, then its end
    for (std::size_t i = task.begin; i < task.end; ++i) {
        const int d = column[i];
        if (d) ++offsets[static_cast<std::size_t>(d < 0 ? -d : d) + 1];
    }
    std::size_t used = most;
    while (used > 0 && offsets[used + 1] == 0) --used;
    for (std::size_t b = 1; b <= most + 1; ++b) offsets[b] += offsets[b - 1];
    worker.entries.resize(offsets[most + 1] + 1);
    std::uint32_t* entries = worker.entries.data();
    for (std::size_t i = task.begin; i < task.end; ++i) {
        const int d = column[i];
        if (d) entries[offsets[static_cast<std::size_t>(d < 0 ? -d : d)]++] = digits.index[i] << 1 | (d < 0);
    }

    const std::size_t point_bytes = 8 * kernel.point_words;
    const std::size_t slots = slots_for(kernel);
    const std::size_t reduce_slots = std::clamp(std::bit_ceil((used + 7) / 8), slots, 2 * slots);
    void* space = worker.space.need(kernel.space_bytes(reduce_slots));

    // Buckets with more than a chunk go through spare points behind the buckets, level by level.
    auto& chunks = worker.chunks;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> parts, next_parts;  // bucket, how many spare points in a row
    const auto cut = [&](std::uint32_t bucket, std::uint32_t start, std::uint32_t length, std::uint32_t& spare) {
        const std::uint32_t pieces = (length + kLongestChunk - 1) / kLongestChunk;
        for (std::uint32_t p = 0; p < pieces; ++p) {
            const auto from = static_cast<std::uint32_t>(u64{length} * p / pieces);
            const auto to = static_cast<std::uint32_t>(u64{length} * (p + 1) / pieces);
            chunks.push_back({start + from, to - from, pieces == 1 ? bucket : spare++});
        }
        if (pieces > 1) next_parts.push_back({bucket, pieces});
    };
    chunks.clear();
    std::uint32_t spare = static_cast<std::uint32_t>(used);
    std::size_t filled = 0;
    for (std::size_t b = 0; b < used; ++b) {
        const std::uint32_t begin = offsets[b], end = offsets[b + 1];
        if (begin == end) continue;
        ++filled;
        cut(static_cast<std::uint32_t>(b), begin, end - begin, spare);
    }
    // each level has at most 1/32 of the one before, so this bounds them all
    auto* sums = static_cast<u64*>(worker.sums.need(point_bytes * (spare + (spare - used) / 8 + 64)));
    std::memset(sums, 0, point_bytes * used);
    tally.bucket_adds += offsets[most] - filled;
    tally.reduction_adds += 2 * used;

    sort_chunks(chunks, worker.sorted);
    kernel.sum_chunks(reinterpret_cast<const u64*>(bases), entries, worker.sorted.data(), worker.sorted.size(), sums, space, slots);
    std::uint32_t level = static_cast<std::uint32_t>(used);
    while (!next_parts.empty()) {
        parts.swap(next_parts);
        next_parts.clear();
        chunks.clear();
        const std::uint32_t level_end = spare;
        worker.entries.resize(std::max<std::size_t>(worker.entries.size(), level_end - level));
        entries = worker.entries.data();
        for (std::uint32_t i = 0; i < level_end - level; ++i) entries[i] = (level + i) << 1;
        std::uint32_t at = 0;
        for (const auto& [bucket, length] : parts) {
            cut(bucket, at, length, spare);
            at += length;
        }
        level = level_end;
        sort_chunks(chunks, worker.sorted);
        kernel.sum_chunks(sums, entries, worker.sorted.data(), worker.sorted.size(), sums, space, slots);
    }
    kernel.reduce_buckets(sums, used, space, reduce_slots, window);
}

}  // namespace

template <class G>
Affine<G> msm(const std::uint8_t* bases, const Limbs* scalars, std::size_t n, MsmCounts* counts, unsigned window) {
    if (window && (window < min_window || window > max_window)) throw MalformedInput("the window is 3 to 16 bits");
    if (n >= (std::size_t{1} << 31)) throw MalformedInput("too many scalars");
    constexpr bool first = std::is_same_v<G, G1>;
    const CurveKernel& kernel = first ? *kernels().g1 : *kernels().g2;
    const Machine machine{std::max(1u, threads::count()), first ? 600.0 : 300.0};
    const Digits digits = recode(bases, scalars, n, kernel.point_words, window, machine);
    const std::vector<Task>& tasks = digits.plan.tasks;

    // Longest tasks first, each to the next free thread.
    std::vector<std::size_t> order(tasks.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return tasks[a].end - tasks[a].begin > tasks[b].end - tasks[b].begin;
    });
    Buffer windows;
    auto* results = static_cast<std::uint8_t*>(windows.need(kernel.window_bytes * (tasks.size() + 1)));
    std::vector<Tally> tallies(tasks.size());
    std::atomic<std::size_t> next{0};
    threads::parallel_tasks(std::min<std::size_t>(machine.threads, tasks.size()), [&](std::size_t) {
        Worker worker;
        for (std::size_t i; (i = next.fetch_add(1)) < order.size();) {
            const std::size_t t = order[i];
            run_task(kernel, bases, digits, tasks[t], worker, results + kernel.window_bytes * t, tallies[t]);
        }
    });
    // Horner's rule from the highest window down; join_windows takes them lowest first.
    std::vector<unsigned> widths;
    Buffer ordered;
    auto* lowest_first = static_cast<std::uint8_t*>(ordered.need(kernel.window_bytes * (tasks.size() + 1)));
    for (std::size_t t = tasks.size(); t-- > 0;) {
        std::memcpy(lowest_first + kernel.window_bytes * widths.size(), results + kernel.window_bytes * t, kernel.window_bytes);
        const bool first_piece_above = t > 0 && tasks[t - 1].window == tasks[t].window;
        widths.push_back(first_piece_above || t == 0 ? 0 : digits.plan.c);
    }
    Affine<G> out = Affine<G>::infinity();
    std::uint64_t words[16] = {};
    kernel.join_windows(lowest_first, widths.data(), tasks.size(), words);
    std::memcpy(&out, words, sizeof out);
    if (counts) {
        counts->scalars += n;
        counts->full += digits.full;
        counts->window = digits.plan.c;
        for (const Tally& tally : tallies) {
            counts->bucket_adds += tally.bucket_adds;
            counts->reduction_adds += tally.reduction_adds;
        }
    }
    return out;
}

template <class G>
void batch_add(Affine<G>* a, const Affine<G>* b, std::size_t n) {
    const CurveKernel& kernel = std::is_same_v<G, G1> ? *kernels().g1 : *kernels().g2;
    thread_local Buffer space;
    const std::size_t slots = slots_for(kernel);
    kernel.add_arrays(reinterpret_cast<u64*>(a), reinterpret_cast<const u64*>(b), n, space.need(kernel.space_bytes(slots)), slots);
}

template void batch_add<G1>(Affine<G1>*, const Affine<G1>*, std::size_t);
template void batch_add<G2>(Affine<G2>*, const Affine<G2>*, std::size_t);
template Affine<G1> msm<G1>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);
template Affine<G2> msm<G2>(const std::uint8_t*, const Limbs*, std::size_t, MsmCounts*, unsigned);

}  // namespace tickproof::vectors
