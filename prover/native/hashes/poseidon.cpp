// The permutation runs in an equivalent form with sparse partial rounds (eprint 2019/458, appendix B), derived once per
// width:
//  * Constants. In a partial round only element 0 meets the power map, so what the next round adds can be pulled back
//    through the matrix, and all but its element 0 further through this round. One vector remains before the first
//    partial round, and one scalar after each power map but the last.
//  * Matrices. With M = (m v; w N), M = (m v/N; w 1) * (1 0; 0 N). The second factor commutes with a partial round's
//    other steps and is multiplied into the round before, so that a partial round costs 2t-1 products and not t^2.
#include "hashes/poseidon.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "process/fork.hpp"
#include "process/threads.hpp"
#include "vectors/poseidon.hpp"

namespace tickproof {
namespace {

constexpr unsigned kFullRounds = 8;
constexpr unsigned kMaxWidth = kPoseidonMaxArity + 1;
// Partial rounds for t = 2..17 (circomlib).
constexpr std::array<unsigned, 16> kPartialRounds = {56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68};

using Vector = std::vector<Fr>;
using Matrix = std::vector<Vector>;

// The paper's generator, appendix E: an 80-bit LFSR seeded with the instance's description, self-shrinking output.
class Grain {
public:
    Grain(unsigned width, unsigned full, unsigned partial) {
        push(1, 2);  // a prime field
        push(0, 4);  // power map
        push(254, 12);
        push(width, 12);
        push(full, 10);
        push(partial, 10);
        push((1u << 30) - 1, 30);
        for (int i = 0; i < 160; ++i) step();
    }

    // 254 bits, most significant first, as an integer: not reduced.
    Limbs next_integer() {
        Limbs out{};
        for (unsigned i = 254; i-- > 0;) out[i / 64] |= u64{next_bit()} << (i % 64);
        return out;
    }
    Fr next_by_rejection() {
        for (;;) {
            const Limbs candidate = next_integer();
            if (limbs::less(candidate, Fr::modulus)) return Fr::from_canonical(candidate);
        }
    }
    Fr next_reduced() { return Fr::from_limbs_reduced(next_integer()); }

private:
    u128 state_ = 0;  // bit 0 is the oldest
    unsigned filled_ = 0;

    void push(unsigned value, unsigned bits) {
        for (unsigned i = bits; i-- > 0;) state_ |= u128{(value >> i) & 1} << filled_++;
    }
    unsigned step() {
        const u64 s = static_cast<u64>(state_);
        const unsigned bit = ((s >> 62) ^ (s >> 51) ^ (s >> 38) ^ (s >> 23) ^ (s >> 13) ^ s) & 1;
        state_ = state_ >> 1 | u128{bit} << 79;
        return bit;
    }
    unsigned next_bit() {
        while (!step()) step();
        return step();
    }
};

Matrix multiply(const Matrix& a, const Matrix& b) {
    Matrix out(a.size(), Vector(b[0].size(), Fr::zero()));
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t k = 0; k < b.size(); ++k)
            for (std::size_t j = 0; j < b[0].size(); ++j) out[i][j] += a[i][k] * b[k][j];
    return out;
}

Vector times(const Matrix& a, const Vector& x) {
    Vector out(a.size(), Fr::zero());
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < x.size(); ++j) out[i] += a[i][j] * x[j];
    return out;
}

// Gauss and Jordan. The matrices here are invertible (every square part of a Cauchy matrix is); throws if not.
Matrix inverse(Matrix a) {
    const std::size_t n = a.size();
    Matrix out(n, Vector(n, Fr::zero()));
    for (std::size_t i = 0; i < n; ++i) out[i][i] = Fr::one();
    for (std::size_t column = 0; column < n; ++column) {
        std::size_t pivot = column;
        while (pivot < n && a[pivot][column].is_zero()) ++pivot;
        if (pivot == n) throw KernelError("poseidon: singular matrix");
        std::swap(a[pivot], a[column]);
        std::swap(out[pivot], out[column]);
        const Fr scale = a[column][column].inv();
        for (std::size_t j = 0; j < n; ++j) {
            a[column][j] *= scale;
            out[column][j] *= scale;
        }
        for (std::size_t row = 0; row < n; ++row) {
            if (row == column || a[row][column].is_zero()) continue;
            const Fr factor = a[row][column];
            for (std::size_t j = 0; j < n; ++j) {
                a[row][j] -= factor * a[column][j];
                out[row][j] -= factor * out[column][j];
            }
        }
    }
    return out;
}

// Everything the fast permutation of one width reads, in the order in which it reads it.
struct Parameters {
    unsigned width = 0, partial = 0;
    Vector first;          // constants of the four first full rounds, then the vector before the partial rounds
    Vector dense;          // M, row by row
    Vector dense_partial;  // the matrix of the last full round before the partial ones
    struct Sparse {
        Fr after_power;  // added to element 0 after its power map
        Vector row;      // first row
        Vector column;   // first column below it; the rest is the identity
    };
    std::vector<Sparse> sparse;
    Vector last;  // constants of the four last full rounds
};

Parameters derive(unsigned width) {
    Parameters out;
    out.width = width;
    out.partial = kPartialRounds[width - 2];
    const unsigned rounds = kFullRounds + out.partial;
    Grain grain(width, kFullRounds, out.partial);

    Matrix constants(rounds, Vector(width));
    for (auto& round : constants)
        for (Fr& c : round) c = grain.next_by_rejection();

    // Cauchy matrix 1/(x_i + y_j). For these sixteen widths the first draw has distinct values and passes the paper's
    // tests against invariant subspaces, as circomlib's published matrices show.
    Vector x(width), y(width);
    for (Fr& v : x) v = grain.next_reduced();
    for (Fr& v : y) v = grain.next_reduced();
    Matrix mds(width, Vector(width));
    for (unsigned i = 0; i < width; ++i)
        for (unsigned j = 0; j < width; ++j) mds[i][j] = (x[i] + y[j]).inv();

    const unsigned begin = kFullRounds / 2, end = begin + out.partial;
    out.sparse.resize(out.partial);
    const Matrix back = inverse(mds);
    Vector pulled = constants[end - 1];
    out.sparse.back().after_power = Fr::zero();
    for (unsigned r = end - 1; r-- > begin;) {
        const Vector before = times(back, pulled);
        out.sparse[r - begin].after_power = before[0];
        pulled = constants[r];
        for (unsigned i = 1; i < width; ++i) pulled[i] += before[i];
    }

    Matrix matrix = mds;
    Matrix moved;
    for (unsigned r = out.partial; r-- > 0;) {
        Matrix lower(width - 1, Vector(width - 1));
        for (unsigned i = 1; i < width; ++i)
            for (unsigned j = 1; j < width; ++j) lower[i - 1][j - 1] = matrix[i][j];
        const Matrix lower_inverse = inverse(lower);
        auto& sparse = out.sparse[r];
        sparse.row.assign(width, Fr::zero());
        sparse.row[0] = matrix[0][0];
        for (unsigned j = 1; j < width; ++j)
            for (unsigned k = 1; k < width; ++k) sparse.row[j] += matrix[0][k] * lower_inverse[k - 1][j - 1];
        for (unsigned i = 1; i < width; ++i) sparse.column.push_back(matrix[i][0]);
        moved.assign(width, Vector(width, Fr::zero()));
        moved[0][0] = Fr::one();
        for (unsigned i = 1; i < width; ++i)
            for (unsigned j = 1; j < width; ++j) moved[i][j] = lower[i - 1][j - 1];
        matrix = multiply(moved, mds);
    }
    pulled = times(moved, pulled);

    const auto append = [](Vector& to, const Vector& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (unsigned r = 0; r < begin; ++r) append(out.first, constants[r]);
    append(out.first, pulled);
    for (unsigned r = end; r < rounds; ++r) append(out.last, constants[r]);
    for (const Vector& row : mds) append(out.dense, row);
    for (const Vector& row : matrix) append(out.dense_partial, row);
    return out;
}

// The same constants for the vector half, in its blocks.
class VectorTables {
public:
    explicit VectorTables(const Parameters& p) {
        tables_.width = p.width;
        tables_.vectors = (p.width + 7) / 8;
        tables_.partial = p.partial;
        const std::size_t row = tables_.vectors * vectors::kPoseidonBlockWords;
        const std::size_t rows = 5 + 4 + 2 * p.width + 2 * p.partial + 1;
        words_.reset(static_cast<u64*>(::operator new((rows * row + 5 * p.partial) * sizeof(u64), std::align_val_t{64})));
        u64* next = words_.get();
        std::fill_n(next, rows * row, u64{0});
        // Rows of `count` elements a row, each element times `factor`; 2^4 turns the factor 2^256 into 2^260.
        const Fr sixteen = Fr::from_u64(16);
        const auto put = [&](const Fr* values, std::size_t count, std::size_t stride, const Fr& factor) {
            for (std::size_t i = 0; i < count; ++i) set(next, i, (values[i * stride] * factor).v);
            next += row;
        };
        const std::size_t t = p.width;
        tables_.first = next;
        for (std::size_t r = 0; r < 5; ++r) put(p.first.data() + r * t, t, 1, sixteen);
        tables_.last = next;
        for (std::size_t r = 0; r < 4; ++r) put(p.last.data() + r * t, t, 1, sixteen);
        tables_.dense = next;
        for (std::size_t j = 0; j < t; ++j) put(p.dense.data() + j, t, t, sixteen);
        tables_.dense_partial = next;
        for (std::size_t j = 0; j < t; ++j) put(p.dense_partial.data() + j, t, t, sixteen);
        tables_.rows = next;
        for (const auto& sparse : p.sparse) {
            Vector values = sparse.row;
            values[0] = Fr::zero();
            put(values.data(), t, 1, sixteen);
        }
        tables_.columns = next;
        for (const auto& sparse : p.sparse) {
            Vector values{sparse.row[0]};
            values.insert(values.end(), sparse.column.begin(), sparse.column.end());
            put(values.data(), t, 1, sixteen);
        }
        tables_.out = next;
        put(p.dense.data(), t, 1, Fr::one());
        tables_.after_power = next;
        for (const auto& sparse : p.sparse) {
            const auto limbs = split((sparse.after_power * sixteen).v);
            next = std::copy(limbs.begin(), limbs.end(), next);
        }
    }
    const vectors::PoseidonTables& get() const { return tables_; }

private:
    struct Free {
        void operator()(u64* words) const { ::operator delete(words, std::align_val_t{64}); }
    };
    std::unique_ptr<u64, Free> words_;
    vectors::PoseidonTables tables_{};

    static std::array<u64, 5> split(const Limbs& a) {
        constexpr u64 mask = (u64{1} << 52) - 1;
        return {a[0] & mask, (a[0] >> 52 | a[1] << 12) & mask, (a[1] >> 40 | a[2] << 24) & mask,
                (a[2] >> 28 | a[3] << 36) & mask, a[3] >> 16};
    }
    static void set(u64* row, std::size_t element, const Limbs& value) {
        const auto limbs = split(value);
        u64* block = row + element / 8 * vectors::kPoseidonBlockWords;
        for (unsigned k = 0; k < 5; ++k) block[8 * k + element % 8] = limbs[k];
    }
};

struct Width {
    explicit Width(unsigned width) : scalar(derive(width)), vector(scalar) {}
    Parameters scalar;
    VectorTables vector;
};

const Width& parameters(unsigned width) {
    static constinit std::array<Published<Width>, kMaxWidth + 1> table;
    return table[width].get([&] { return Width(width); });
}

bool vector_half_runs() {
    return engine == Engine::ifma && vectors::poseidon_permute;
}

Fr fifth_power(const Fr& x) { return x.sqr().sqr() * x; }

template <unsigned W>
void dense_layer(std::array<Fr, W>& state, const Fr* matrix) {
    std::array<Fr, W> out;
    for (unsigned i = 0; i < W; ++i) {
        Fr sum = matrix[0] * state[0];
        for (unsigned j = 1; j < W; ++j) sum += matrix[j] * state[j];
        out[i] = sum;
        matrix += W;
    }
    state = out;
}

template <unsigned W>
Fr permute(const Parameters& p, const Fr* inputs) {
    std::array<Fr, W> state;
    state[0] = Fr::zero();
    for (unsigned i = 1; i < W; ++i) state[i] = inputs[i - 1];

    const Fr* constants = p.first.data();
    for (unsigned r = 0; r < kFullRounds / 2; ++r) {
        for (unsigned i = 0; i < W; ++i) state[i] = fifth_power(state[i] + *constants++);
        dense_layer<W>(state, r + 1 < kFullRounds / 2 ? p.dense.data() : p.dense_partial.data());
    }
    for (unsigned i = 0; i < W; ++i) state[i] += *constants++;
    for (const auto& round : p.sparse) {
        const Fr first = fifth_power(state[0]) + round.after_power;
        Fr sum = round.row[0] * first;
        for (unsigned i = 1; i < W; ++i) {
            sum += round.row[i] * state[i];
            state[i] += round.column[i - 1] * first;
        }
        state[0] = sum;
    }
    constants = p.last.data();
    for (unsigned r = 0; r + 1 < kFullRounds / 2; ++r) {
        for (unsigned i = 0; i < W; ++i) state[i] = fifth_power(state[i] + *constants++);
        dense_layer<W>(state, p.dense.data());
    }
    // Of the last round only the first element is wanted.
    Fr out = Fr::zero();
    for (unsigned i = 0; i < W; ++i) out += p.dense[i] * fifth_power(state[i] + *constants++);
    return out;
}

using Permutation = Fr (*)(const Parameters&, const Fr*);

template <unsigned... W>
constexpr std::array<Permutation, sizeof...(W)> permutations(std::integer_sequence<unsigned, W...>) {
    return {permute<W + 2>...};
}
constexpr auto kPermutations = permutations(std::make_integer_sequence<unsigned, kPoseidonMaxArity>{});

void hash_with(const Width& width, const Fr* inputs, Fr& out) {
    if (vector_half_runs())
        vectors::poseidon_permute(width.vector.get(), inputs->v.data(), out.v.data());
    else
        out = kPermutations[width.scalar.width - 2](width.scalar, inputs);
}

void check_arity(std::size_t arity) {
    if (arity < 1 || arity > kPoseidonMaxArity)
        throw MalformedInput("poseidon takes 1 to 16 inputs, given " + std::to_string(arity));
}

}  // namespace

Fr poseidon(std::span<const Fr> inputs) {
    check_arity(inputs.size());
    Fr out;
    hash_with(parameters(static_cast<unsigned>(inputs.size()) + 1), inputs.data(), out);
    return out;
}

void poseidon_batch(unsigned arity, std::span<const Fr> inputs, std::span<Fr> outputs) {
    check_arity(arity);
    if (inputs.size() != outputs.size() * arity)
        throw MalformedInput("poseidon_batch: the inputs are not a whole number of " + std::to_string(arity) + "-tuples");
    const Width& width = parameters(arity + 1);
    threads::parallel_ranges(outputs.size(), 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) hash_with(width, inputs.data() + i * arity, outputs[i]);
    });
}

}  // namespace tickproof
