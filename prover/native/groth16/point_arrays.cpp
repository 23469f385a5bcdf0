#include "groth16/point_arrays.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <random>
#include <string>

#include "process/errors.hpp"
#include "process/threads.hpp"
#include "sums/msm.hpp"
#include "sums/signed_windows.hpp"
#include "transforms/ntt.hpp"

namespace tickproof {
namespace {

bool canonical(const Fq& x) { return limbs::less(x.v, Fq::modulus); }
bool canonical(const Fq2& x) { return canonical(x.c0) && canonical(x.c1); }

template <class G>
Affine<G> load(Bytes points, std::size_t i) {
    Affine<G> p;
    std::memcpy(&p, points.data() + i * sizeof p, sizeof p);
    return p;
}

template <class G>
void check(Bytes points) {
    if (const auto bad = first_stored_fault<G>(points))
        throw MalformedInput("point " + std::to_string(*bad) + " is not a point of " + G::name);
}

// The non-adjacent form of width 5: odd digits below 16 in absolute value, at least four zeros after each.
constexpr unsigned naf_width = 5;
constexpr std::size_t odd_multiples = std::size_t{1} << (naf_width - 2);

struct Recoded {
    std::vector<std::int8_t> digits;      // least significant first
    std::vector<std::size_t> start{0};    // of each coefficient's digits
    std::vector<bool> beyond_one;         // whether a digit is neither 0 nor +-1

    void add(const Fr& scalar) {
        Limbs k = scalar.canonical();
        const bool negative = limbs::less(half_modulus, k);
        if (negative) {
            Limbs opposite = Fr::modulus;
            limbs::sub_from(opposite, k);
            k = opposite;
        }
        bool beyond = false;
        // Below r/2 < 2^253, so adding a digit back never carries out of four limbs.
        while (k != Limbs{}) {
            int digit = 0;
            if (k[0] & 1) {
                digit = static_cast<int>(k[0] & ((1u << naf_width) - 1));
                if (digit >= 1 << (naf_width - 1)) digit -= 1 << naf_width;
                if (digit > 0)
                    limbs::sub_from(k, {static_cast<u64>(digit), 0, 0, 0});
                else
                    for (std::size_t i = 0, carry = static_cast<u64>(-digit); carry && i < 4; ++i) {
                        k[i] += carry;
                        carry = k[i] < carry;
                    }
                beyond = beyond || (digit != 1 && digit != -1);
            }
            digits.push_back(static_cast<std::int8_t>(negative ? -digit : digit));
            for (unsigned i = 0; i < 4; ++i) k[i] = (k[i] >> 1) | (i < 3 ? k[i + 1] << 63 : 0);
        }
        start.push_back(digits.size());
        beyond_one.push_back(beyond);
    }
    std::size_t length(std::uint32_t number) const { return start[number + 1] - start[number]; }
    int digit(std::uint32_t number, std::size_t bit) const { return digits[start[number] + bit]; }
};

// Rows of few terms: Straus's way, all terms of a row sharing the doublings. The odd multiples of a whole chunk of rows are
// made together, one inversion for each.
template <class G>
void short_rows(Bytes points, const SparseSums& rows, const Recoded& recoded, std::size_t begin, std::size_t end, Affine<G>* out) {
    const std::size_t first = rows.ptr[begin], terms = rows.ptr[end] - first;
    std::vector<std::uint32_t> place(terms);
    std::vector<Affine<G>> base(terms), odd[odd_multiples], twice;
    for (std::size_t i = 0; i < terms; ++i) base[i] = load<G>(points, rows.point[first + i]);
    for (std::size_t i = 0; i < terms; ++i) {
        if (!recoded.beyond_one[rows.coefficient[first + i]]) continue;
        place[i] = static_cast<std::uint32_t>(odd[0].size());
        odd[0].push_back(base[i]);
    }
    twice = odd[0];
    batch_add<G>(twice.data(), odd[0].data(), twice.size());
    for (std::size_t k = 1; k < odd_multiples; ++k) {
        odd[k] = odd[k - 1];
        batch_add<G>(odd[k].data(), twice.data(), twice.size());
    }
    for (std::size_t row = begin; row < end; ++row) {
        std::size_t bits = 0;
        for (std::size_t i = rows.ptr[row]; i < rows.ptr[row + 1]; ++i) bits = std::max(bits, recoded.length(rows.coefficient[i]));
        Jacobian<G> sum = Jacobian<G>::infinity();
        for (std::size_t bit = bits; bit-- > 0;) {
            sum = sum.dbl();
            for (std::size_t i = rows.ptr[row]; i < rows.ptr[row + 1]; ++i) {
                const std::uint32_t number = rows.coefficient[i];
                if (bit >= recoded.length(number)) continue;
                const int digit = recoded.digit(number, bit);
                if (digit == 0) continue;
                const std::size_t size = static_cast<std::size_t>(digit < 0 ? -digit : digit);
                const Affine<G>& p = size == 1 ? base[i - first] : odd[size / 2][place[i - first]];
                sum = sum.add(digit < 0 ? -p : p);
            }
        }
        out[row] = sum.to_affine();
    }
}

template <class G>
Affine<G> long_row(Bytes points, const SparseSums& rows, std::size_t row) {
    const std::size_t first = rows.ptr[row], terms = rows.ptr[row + 1] - first;
    std::vector<Affine<G>> bases(terms);
    std::vector<Limbs> scalars(terms);
    for (std::size_t i = 0; i < terms; ++i) {
        bases[i] = load<G>(points, rows.point[first + i]);
        scalars[i] = rows.table[rows.coefficient[first + i]].canonical();
    }
    return msm<G>(reinterpret_cast<const std::uint8_t*>(bases.data()), scalars.data(), terms);
}

template <class G>
std::vector<Affine<G>> run_rows(Bytes points, const SparseSums& rows, const Recoded& recoded) {
    const std::size_t n = rows.ptr.size() - 1;
    std::vector<Affine<G>> out(n, Affine<G>::infinity());
    constexpr std::size_t long_from = 2048, chunk_terms = 1024, chunk_rows = 1024;
    std::vector<std::pair<std::size_t, std::size_t>> chunks;
    for (std::size_t row = 0; row < n;) {
        const std::size_t begin = row;
        while (row < n && row - begin < chunk_rows && rows.ptr[row + 1] - rows.ptr[row] < long_from &&
               rows.ptr[row] - rows.ptr[begin] < chunk_terms)
            ++row;
        if (row > begin) {
            chunks.emplace_back(begin, row);
        } else {
            out[row] = long_row<G>(points, rows, row);
            ++row;
        }
    }
    threads::parallel_tasks(chunks.size(), [&](std::size_t i) {
        short_rows<G>(points, rows, recoded, chunks[i].first, chunks[i].second, out.data());
    });
    return out;
}

template <class G>
Bytes bytes_of_points(const std::vector<Affine<G>>& points) {
    return {reinterpret_cast<const std::uint8_t*>(points.data()), points.size() * sizeof(Affine<G>)};
}

void check_rows(const SparseSums& rows, std::size_t n_points) {
    const auto& ptr = rows.ptr;
    bool good = !ptr.empty() && ptr.front() == 0 && ptr.back() == rows.point.size() && std::ranges::is_sorted(ptr) &&
                rows.point.size() == rows.coefficient.size();
    for (std::uint32_t p : rows.point) good = good && p < n_points;
    for (std::uint32_t c : rows.coefficient) good = good && c < rows.table.size();
    if (!good) throw MalformedInput("the rows of a sparse sum do not fit its points and coefficients");
}

}  // namespace

template <class G>
std::size_t stored_count(Bytes points) {
    if (points.size() % sizeof(Affine<G>)) throw MalformedInput("not a whole number of points");
    return points.size() / sizeof(Affine<G>);
}

template <class G>
std::optional<std::size_t> first_stored_fault(Bytes points) {
    const std::size_t n = stored_count<G>(points);
    std::atomic<std::size_t> first = n;
    threads::parallel_ranges(n, 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end && i < first.load(std::memory_order_relaxed); ++i) {
            const Affine<G> p = load<G>(points, i);
            if (canonical(p.x) && canonical(p.y) && p.is_on_curve()) continue;
            std::size_t seen = first;
            while (i < seen && !first.compare_exchange_weak(seen, i)) {
            }
            return;
        }
    });
    if (first == n) return std::nullopt;
    return first.load();
}

// Every point outside the subgroup has a component whose order is a prime factor of the twist's cofactor; the least is
// 10069. Ten sums with independent weights below 2^13 < 10069 each miss it with probability at most 2^-13.
bool stored_in_subgroup(Bytes points) {
    check<G2>(points);
    const std::size_t n = stored_count<G2>(points);
    if (n < 256) {
        for (std::size_t i = 0; i < n; ++i)
            if (!is_in_subgroup(load<G2>(points, i))) return false;
        return true;
    }
    std::random_device entropy;
    std::vector<Limbs> weights(n);
    for (int round = 0; round < 10; ++round) {
        for (std::size_t i = 0; i < n; i += 2) {
            const std::uint32_t word = entropy();
            weights[i] = {word & 0x1fff, 0, 0, 0};
            if (i + 1 < n) weights[i + 1] = {word >> 19, 0, 0, 0};
        }
        if (!is_in_subgroup(msm<G2>(points.data(), weights.data(), n, nullptr, 14))) return false;
    }
    return true;
}

template <class G>
Affine<G> stored_sum(Bytes points, const std::vector<Limbs>& scalars) {
    if (stored_count<G>(points) != scalars.size()) throw MalformedInput("as many points as scalars are needed");
    check<G>(points);
    return msm<G>(points.data(), scalars.data(), scalars.size());
}

template <class G>
std::vector<Affine<G>> sparse_sums(Bytes points, const SparseSums& rows) {
    check<G>(points);
    check_rows(rows, stored_count<G>(points));
    Recoded recoded;
    for (const Fr& coefficient : rows.table) recoded.add(coefficient);
    return run_rows<G>(points, rows, recoded);
}

template <class G>
std::vector<Affine<G>> stored_multiples(Bytes points, const Fr& scalar) {
    const std::size_t n = stored_count<G>(points);
    if (n >= 0xffffffff) throw MalformedInput("too many points");
    std::vector<std::uint32_t> ptr(n + 1), zeros(n, 0);
    for (std::size_t i = 0; i <= n; ++i) ptr[i] = static_cast<std::uint32_t>(i);
    return sparse_sums<G>(points, {ptr, std::span(ptr).first(n), zeros, {scalar}});
}

template <class G>
std::vector<Affine<G>> stored_differences(Bytes left, Bytes right) {
    check<G>(left);
    check<G>(right);
    const std::size_t n = stored_count<G>(left);
    if (stored_count<G>(right) != n) throw MalformedInput("two arrays of points differ in length");
    std::vector<Affine<G>> out(n), minus(n);
    threads::parallel_ranges(n, 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            out[i] = load<G>(left, i);
            minus[i] = -load<G>(right, i);
        }
        for (std::size_t i = begin; i < end; i += 1024)
            batch_add<G>(out.data() + i, minus.data() + i, std::min<std::size_t>(1024, end - i));
    });
    return out;
}

template <class G>
std::vector<Affine<G>> inverse_transform(Bytes points) {
    check<G>(points);
    const std::size_t n = stored_count<G>(points);
    if (!std::has_single_bit(n) || n > std::size_t{1} << max_log_transform)
        throw MalformedInput("the number of points must be a power of two up to 2^" + std::to_string(max_log_transform));
    const unsigned log_n = static_cast<unsigned>(std::countr_zero(n));
    std::vector<Affine<G>> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        std::size_t reversed = 0;
        for (unsigned b = 0; b < log_n; ++b) reversed |= (i >> b & 1) << (log_n - 1 - b);
        out[reversed] = load<G>(points, i);
    }
    // Twiddles w^-i, then 1/n.
    const std::size_t half = n / 2;
    const Fr root = root_of_unity(log_n).inv();
    std::vector<Fr> table;
    Recoded recoded;
    for (Fr power = Fr::one(); table.size() < half; power *= root) table.push_back(power);
    table.push_back(Fr::from_u64(n).inv());
    for (const Fr& x : table) recoded.add(x);
    std::vector<std::uint32_t> ptr(n + 1), number(n);
    for (std::size_t i = 0; i <= n; ++i) ptr[i] = static_cast<std::uint32_t>(i);
    std::vector<Affine<G>> low(half), high(half);
    for (std::size_t h = 1; h < n; h *= 2) {
        for (std::size_t i = 0; i < half; ++i) {
            const std::size_t at = (i / h) * 2 * h + i % h;
            low[i] = out[at];
            high[i] = out[at + h];
            number[i] = static_cast<std::uint32_t>(i % h * (half / h));
        }
        const std::span<const std::uint32_t> entries(ptr);
        const SparseSums rows{entries.first(half + 1), entries.first(half), std::span(number).first(half), {}};
        std::vector<Affine<G>> turned = run_rows<G>(bytes_of_points(high), rows, recoded);
        high = low;
        threads::parallel_ranges(half, 1024, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; i += 1024) {
                const std::size_t count = std::min<std::size_t>(1024, end - i);
                batch_add<G>(low.data() + i, turned.data() + i, count);
                for (std::size_t k = i; k < i + count; ++k) turned[k] = -turned[k];
                batch_add<G>(high.data() + i, turned.data() + i, count);
            }
        });
        for (std::size_t i = 0; i < half; ++i) {
            const std::size_t at = (i / h) * 2 * h + i % h;
            out[at] = low[i];
            out[at + h] = high[i];
        }
    }
    std::fill(number.begin(), number.end(), static_cast<std::uint32_t>(half));
    return run_rows<G>(bytes_of_points(out), {ptr, std::span<const std::uint32_t>(ptr).first(n), number, {}}, recoded);
}

template <class G>
void stored_uncompressed(Bytes points, std::uint8_t* out) {
    threads::parallel_ranges(stored_count<G>(points), 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const Affine<G> p = load<G>(points, i);
            if (!canonical(p.x) || !canonical(p.y))
                throw NonCanonical("point " + std::to_string(i) + ": a coordinate is not below the modulus");
            std::uint8_t* at = out + i * sizeof p;
            // The reverse of the little-endian x, y is y, x with the imaginary parts first: so each half is reversed by itself.
            p.to_bytes(at);
            std::reverse(at, at + sizeof p / 2);
            std::reverse(at + sizeof p / 2, at + sizeof p);
        }
    });
}

template std::size_t stored_count<G1>(Bytes);
template std::size_t stored_count<G2>(Bytes);
template std::optional<std::size_t> first_stored_fault<G1>(Bytes);
template std::optional<std::size_t> first_stored_fault<G2>(Bytes);
template G1Affine stored_sum<G1>(Bytes, const std::vector<Limbs>&);
template G2Affine stored_sum<G2>(Bytes, const std::vector<Limbs>&);
template std::vector<G1Affine> sparse_sums<G1>(Bytes, const SparseSums&);
template std::vector<G2Affine> sparse_sums<G2>(Bytes, const SparseSums&);
template std::vector<G1Affine> stored_multiples<G1>(Bytes, const Fr&);
template std::vector<G2Affine> stored_multiples<G2>(Bytes, const Fr&);
template std::vector<G1Affine> stored_differences<G1>(Bytes, Bytes);
template std::vector<G1Affine> inverse_transform<G1>(Bytes);
template std::vector<G2Affine> inverse_transform<G2>(Bytes);
template void stored_uncompressed<G1>(Bytes, std::uint8_t*);
template void stored_uncompressed<G2>(Bytes, std::uint8_t*);

}  // namespace tickproof
