#include "transforms/ntt.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>

#include "process/fork.hpp"
#include "process/threads.hpp"
#include "vectors/buffer.hpp"
#include "vectors/kernel.hpp"

namespace tickproof {
namespace {

constexpr unsigned log_block = 13;     // 256 KiB of elements: a block stays in the second-level cache
constexpr std::size_t strip_columns = 16;

Fr twiddle_at(const Fr* twiddles, std::size_t k, bool inverse_root) {
    if (!inverse_root || k == 0) return twiddles[k];
    return -twiddles[k ^ (std::bit_floor(k) - 1)];
}

[[gnu::flatten]] void forward_scalar(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block,
                    bool inverse_root) {
    const std::size_t n = std::size_t{1} << log_rows;
    for (std::size_t h = n / 2, blocks = 1; h >= 1; h /= 2, blocks *= 2) {
        for (std::size_t k = 0; k < blocks; ++k) {
            const Fr t = twiddle_at(twiddles, first_block * blocks + k, inverse_root);
            Fr* u = rows + 2 * h * k * cols;
            Fr* v = u + h * cols;
            for (std::size_t j = 0; j < h * cols; ++j) {
                const Fr x = v[j] * t;
                v[j] = u[j] - x;
                u[j] = u[j] + x;
            }
        }
    }
}

[[gnu::flatten]] void backward_scalar(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block,
                     bool inverse_root) {
    const std::size_t n = std::size_t{1} << log_rows;
    for (std::size_t h = 1, blocks = n / 2; blocks >= 1; h *= 2, blocks /= 2) {
        for (std::size_t k = 0; k < blocks; ++k) {
            const Fr t = twiddle_at(twiddles, first_block * blocks + k, inverse_root);
            Fr* u = rows + 2 * h * k * cols;
            Fr* v = u + h * cols;
            for (std::size_t j = 0; j < h * cols; ++j) {
                const Fr x = u[j] - v[j];
                u[j] = u[j] + v[j];
                v[j] = x * t;
            }
        }
    }
}

static_assert(max_log_domain - log_block <= vectors::kMaxLogRows && log_block <= vectors::kMaxLogRows);

// What a vector engine takes: columns in eights, or one column long enough to transpose.
bool is_vector_shape(unsigned log_rows, std::size_t cols) { return cols % 8 == 0 || (cols == 1 && log_rows >= 6); }

void* network_space(const vectors::ScalarKernel& kernel, unsigned log_rows, std::size_t cols) {
    thread_local vectors::Buffer space;
    return space.need(kernel.network_bytes(log_rows, cols));
}

u64* words(Fr* a) { return reinterpret_cast<u64*>(a); }
const u64* words(const Fr* a) { return reinterpret_cast<const u64*>(a); }

void forward(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block, bool inverse_root) {
    if (log_rows == 0) return;
    const vectors::ScalarKernel* const kernel = vectors::kernels().fr;
    if (kernel && is_vector_shape(log_rows, cols))
        kernel->forward(words(rows), log_rows, cols, words(twiddles), first_block, inverse_root, network_space(*kernel, log_rows, cols));
    else
        forward_scalar(rows, log_rows, cols, twiddles, first_block, inverse_root);
}

void backward(Fr* rows, unsigned log_rows, std::size_t cols, const Fr* twiddles, std::size_t first_block, bool inverse_root) {
    if (log_rows == 0) return;
    const vectors::ScalarKernel* const kernel = vectors::kernels().fr;
    if (kernel && is_vector_shape(log_rows, cols))
        kernel->backward(words(rows), log_rows, cols, words(twiddles), first_block, inverse_root, network_space(*kernel, log_rows, cols));
    else
        backward_scalar(rows, log_rows, cols, twiddles, first_block, inverse_root);
}

void mul_into(Fr* a, const Fr* s, std::size_t n) {
    if (const auto* kernel = vectors::kernels().fr) return kernel->mul_into(words(a), words(s), n);
    for (std::size_t i = 0; i < n; ++i) a[i] *= s[i];
}

void mul_sub(Fr* out, const Fr* a, const Fr* b, const Fr* c, std::size_t n) {
    if (const auto* kernel = vectors::kernels().fr) return kernel->mul_sub(words(out), words(a), words(b), words(c), n);
    for (std::size_t i = 0; i < n; ++i) out[i] = a[i] * b[i] - c[i];
}

std::size_t reverse_bits(std::size_t x, unsigned bits) {
    std::size_t out = 0;
    for (unsigned i = 0; i < bits; ++i) out |= ((x >> i) & 1) << (bits - 1 - i);
    return out;
}

// base^bitreverse(k) for k < 2^bits, by doubling the prefix.
std::vector<Fr> reversed_powers(const Fr& base, unsigned bits) {
    std::vector<Fr> out(std::size_t{1} << bits);
    out[0] = Fr::one();
    for (unsigned level = 0; level < bits; ++level) {
        const Fr step = base.pow(u64{1} << (bits - 1 - level));
        const std::size_t half = std::size_t{1} << level;
        for (std::size_t k = 0; k < half; ++k) out[half + k] = out[k] * step;
    }
    return out;
}

// The tables in use. A fork waits for the lock, which is held for a few loads and stores, so that a child finds it free and
// the tables whole. Never destroyed: a daemon thread may still ask for one while the process exits.
struct Known {
    std::mutex mutex;
    std::array<std::weak_ptr<const Domain>, max_log_domain + 1> domains;
};
Known& known = *new Known;
[[maybe_unused]] const bool known_survives_forks = at_fork(
    [] { known.mutex.lock(); }, [] { known.mutex.unlock(); }, [] { known.mutex.unlock(); });

// Blocks of 2^inner elements in cache, and 2^outer rows of such blocks.
struct Shape {
    unsigned outer, inner;
    explicit Shape(unsigned log_size) {
        inner = std::min(log_block, log_size > 6 ? log_size - 2 : log_size);
        outer = log_size - inner;
    }
    std::size_t rows() const { return std::size_t{1} << outer; }
    std::size_t block() const { return std::size_t{1} << inner; }
    std::size_t strip() const { return std::min(strip_columns, block()); }
    std::size_t strips() const { return block() / strip(); }
};

// A strip of columns is copied out: rows lie a power of two apart, and in place they would fight for the same cache sets.
void load_strip(Fr* buffer, const Fr* values, const Shape& s, std::size_t strip) {
    for (std::size_t r = 0; r < s.rows(); ++r)
        std::copy_n(values + r * s.block() + strip * s.strip(), s.strip(), buffer + r * s.strip());
}
void store_strip(Fr* values, const Fr* buffer, const Shape& s, std::size_t strip) {
    for (std::size_t r = 0; r < s.rows(); ++r)
        std::copy_n(buffer + r * s.strip(), s.strip(), values + r * s.block() + strip * s.strip());
}

}  // namespace

Fr root_of_unity(unsigned k) {
    if (k > max_log_domain) throw MalformedInput("the domain is larger than 2^28");
    static constinit Published<Fr> top;
    Fr root = top.get([] {
        Limbs e = Fr::modulus;
        limbs::sub_from(e, {1, 0, 0, 0});
        for (unsigned s = 0; s < max_log_domain; ++s)
            for (unsigned i = 0; i < 4; ++i) e[i] = (e[i] >> 1) | (i < 3 ? e[i + 1] << 63 : 0);
        return Fr::from_u64(5).pow(e);
    });
    for (unsigned i = k; i < max_log_domain; ++i) root = root.sqr();
    return root;
}

Domain::Domain(unsigned log_size) : log_size_(log_size), omega_(root_of_unity(log_size)) {
    twiddles_ = log_size == 0 ? std::vector<Fr>{Fr::one()} : reversed_powers(omega_, log_size - 1);
}

std::shared_ptr<const Domain> Domain::get(unsigned log_size) {
    if (log_size > max_log_domain) throw MalformedInput("the domain is larger than 2^28");
    std::weak_ptr<const Domain>& slot = known.domains[log_size];
    {
        std::lock_guard lock(known.mutex);
        if (auto domain = slot.lock()) return domain;
    }
    // Outside the lock, which a fork waits for: two threads may both compute a table, and share the first one's.
    auto fresh = std::make_shared<const Domain>(log_size);
    std::lock_guard lock(known.mutex);
    if (auto domain = slot.lock()) return domain;
    slot = fresh;
    return fresh;
}

void ntt(const Domain& domain, Fr* values, bool inverse) {
    const Shape s(domain.log_size());
    const Fr* twiddles = domain.twiddles();
    threads::parallel_tasks(s.strips(), [&](std::size_t strip) {
        std::vector<Fr> buffer(s.rows() * s.strip());
        load_strip(buffer.data(), values, s, strip);
        forward(buffer.data(), s.outer, s.strip(), twiddles, 0, inverse);
        store_strip(values, buffer.data(), s, strip);
    });
    threads::parallel_tasks(s.rows(), [&](std::size_t r) {
        forward(values + r * s.block(), s.inner, 1, twiddles, r, inverse);
    });
    if (inverse) {
        const Fr scale = Fr::from_u64(domain.size()).inv();
        for (std::size_t i = 0; i < domain.size(); ++i) values[i] *= scale;
    }
    for (std::size_t i = 0; i < domain.size(); ++i) {
        const std::size_t j = reverse_bits(i, domain.log_size());
        if (i < j) std::swap(values[i], values[j]);
    }
}

void quotient_on_coset(const Domain& domain, Fr* a, Fr* b, Fr* c) {
    const Shape s(domain.log_size());
    const Fr* twiddles = domain.twiddles();
    const std::size_t strip_size = s.rows() * s.strip();
    Fr* const polynomials[3] = {a, b, c};

    threads::parallel_tasks(s.strips(), [&](std::size_t strip) {
        std::vector<Fr> buffer(3 * strip_size);
        Fr* part[3] = {buffer.data(), buffer.data() + strip_size, buffer.data() + 2 * strip_size};
        load_strip(part[0], a, s, strip);
        load_strip(part[1], b, s, strip);
        std::copy_n(part[0], strip_size, part[2]);
        mul_into(part[2], part[1], strip_size);
        for (int p = 0; p < 3; ++p) {
            forward(part[p], s.outer, s.strip(), twiddles, 0, true);
            store_strip(polynomials[p], part[p], s, strip);
        }
    });

    // Position r * block + j holds coefficient brv(j) * rows + brv(r) (times N); the coset wants it times g^index.
    const Fr g = root_of_unity(domain.log_size() + 1);
    const std::vector<Fr> inside = reversed_powers(g.pow(static_cast<u64>(s.rows())), s.inner);
    const std::vector<Fr> across = reversed_powers(g, s.outer);
    const Fr scale = Fr::from_u64(domain.size()).inv();
    threads::parallel_tasks(s.rows(), [&](std::size_t r) {
        std::vector<Fr> factors(s.block(), across[r] * scale);
        mul_into(factors.data(), inside.data(), s.block());
        for (Fr* p : polynomials) {
            Fr* block = p + r * s.block();
            forward(block, s.inner, 1, twiddles, r, true);
            mul_into(block, factors.data(), s.block());
            backward(block, s.inner, 1, twiddles, r, false);
        }
    });

    threads::parallel_tasks(s.strips(), [&](std::size_t strip) {
        std::vector<Fr> buffer(3 * strip_size);
        Fr* part[3] = {buffer.data(), buffer.data() + strip_size, buffer.data() + 2 * strip_size};
        for (int p = 0; p < 3; ++p) {
            load_strip(part[p], polynomials[p], s, strip);
            backward(part[p], s.outer, s.strip(), twiddles, 0, false);
        }
        mul_sub(part[0], part[0], part[1], part[2], strip_size);
        // out of Montgomery form: the next reader is the MSM
        std::fill_n(part[1], strip_size, Fr{{1, 0, 0, 0}});
        mul_into(part[0], part[1], strip_size);
        store_strip(a, part[0], s, strip);
    });
}

}  // namespace tickproof
