#include "groth16/groth16.hpp"

#include <atomic>
#include <chrono>
#include <memory>

#include "pairing/pairing.hpp"
#include "process/threads.hpp"
#include "transforms/ntt.hpp"

namespace tickproof {
namespace {

class Stopwatch {
   public:
    explicit Stopwatch(std::vector<Phase>& phases) : phases_(phases) {}
    void lap(const char* name, std::uint64_t multiplications) {
        const auto now = std::chrono::steady_clock::now();
        phases_.push_back({name, std::chrono::duration<double>(now - last_).count(), multiplications});
        last_ = now;
    }

   private:
    std::vector<Phase>& phases_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Six multiplications an affine addition (three of them the share in the common inversion); three Fq ones make one of Fq2.
std::uint64_t multiplications(const MsmCounts& c, std::uint64_t per_field_multiplication) {
    return (c.bucket_adds + c.reduction_adds) * 6 * per_field_multiplication;
}

template <class G>
Affine<G> timed_msm(Stopwatch& watch, const char* name, std::span<const std::uint8_t> bases, const Limbs* scalars) {
    MsmCounts counts;
    const Affine<G> sum = msm<G>(bases.data(), scalars, bases.size() / sizeof(Affine<G>), &counts);
    watch.lap(name, multiplications(counts, std::is_same_v<G, G2> ? 3 : 1));
    return sum;
}

// (A B - C) on the odd coset, canonical.
std::unique_ptr<Fr[]> quotient(const ProvingKey& key, const Limbs* witness, Stopwatch& watch) {
    const std::size_t n = key.domain_size();
    std::unique_ptr<Fr[]> a(new Fr[n]), b(new Fr[n]);
    std::atomic<std::size_t> broken{n};
    threads::parallel_ranges(n, 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            a[i] = key.rows_a.row(i, key.table, witness);
            b[i] = key.rows_b.row(i, key.table, witness);
            if (!key.rows_c || a[i] * b[i] == key.rows_c->row(i, key.table, witness)) continue;
            std::size_t known = broken.load();
            while (i < known && !broken.compare_exchange_weak(known, i)) {
            }
        }
    });
    if (broken != n) throw UnsatisfiedWitness("the witness breaks constraint " + std::to_string(broken.load()));
    const std::uint64_t entries = key.rows_a.wire.size() + key.rows_b.wire.size() + (key.rows_c ? key.rows_c->wire.size() : 0);
    watch.lap("rows", entries + (key.rows_c ? n : 0));
    std::unique_ptr<Fr[]> c(new Fr[n]);
    quotient_on_coset(*Domain::get(key.log_domain), a.get(), b.get(), c.get());
    watch.lap("ntt", 3 * n * key.log_domain + 6 * n);
    return a;
}

G1Affine scaled(const G1Affine& p, const Fr& k) { return scalar_mul(p, k).to_affine(); }

G1Affine early_sum(const ProvingKey& key, const Limbs* witness, MsmCounts* counts) {
    return msm<G1>(key.early.data(), witness + key.n_public + 1, key.early.size() / sizeof(G1Affine), counts);
}

void require_finite(bool infinite) {
    if (infinite) throw UnsatisfiedWitness("an element of the proof is the point at infinity: blind it anew");
}

}  // namespace

G1Affine commit_early(const ProvingKey& key, std::span<const Limbs> witness) {
    if (!key.challenge) throw UnsupportedKey("a plain key has nothing to commit to");
    if (witness.size() < key.first_late()) throw MalformedInput("the witness does not reach the last early wire");
    const G1Affine d = early_sum(key, witness.data(), nullptr);
    require_finite(d.is_infinity());
    return d;
}

bool proof_holds(const ProvingKey& key, const Proof& proof, std::span<const Limbs> public_wires) {
    const std::vector<G1Affine> ic = key.ic_points();
    G1Jacobian inputs = G1Jacobian::from(ic[0]);
    for (std::size_t i = 1; i < ic.size(); ++i) inputs = inputs.add(scalar_mul(ic[i], public_wires[i]));
    std::vector<PointPair> pairs{{-proof.a, proof.b},
                                 {key.alpha_1, key.beta_2},
                                 {inputs.to_affine(), key.gamma_2},
                                 {proof.c, key.delta_2}};
    if (proof.d) pairs.push_back({*proof.d, key.epsilon_2});
    return pairing_product_is_one(pairs);
}

Proof prove(const ProvingKey& key, std::span<const Limbs> witness, const Fr& r, const Fr& s, const std::optional<G1Affine>& d) {
    if (d && !key.challenge) throw MalformedInput("a plain key's proof has no D");
    if (witness.size() != key.n_wires)
        throw MalformedInput("the key has " + std::to_string(key.n_wires) + " wires, the witness " + std::to_string(witness.size()));
    Proof proof;
    Stopwatch watch(proof.profile);
    const Limbs* w = witness.data();

    // H first: its transforms need the most memory, and its scalars are gone before the other sums start.
    G1Affine h;
    {
        const std::unique_ptr<Fr[]> t = quotient(key, w, watch);
        static_assert(sizeof(Fr) == sizeof(Limbs));
        h = timed_msm<G1>(watch, "msm H", key.h, reinterpret_cast<const Limbs*>(t.get()));
    }
    const G1Affine a = timed_msm<G1>(watch, "msm A", key.a, w);
    const G1Affine b1 = timed_msm<G1>(watch, "msm B1", key.b1, w);
    const G2Affine b2 = timed_msm<G2>(watch, "msm B2", key.b2, w);
    const G1Affine late = timed_msm<G1>(watch, "msm C", key.late, w + key.first_late());
    if (d) {
        proof.d = d;
    } else if (key.challenge) {
        MsmCounts counts;
        proof.d = early_sum(key, w, &counts);
        watch.lap("msm D", multiplications(counts, 1));
    }
    require_finite(proof.d && proof.d->is_infinity());

    const G1Affine delta_r = scaled(key.delta_1, r);
    proof.a = G1Jacobian::from(a).add(key.alpha_1).add(delta_r).to_affine();
    const G1Jacobian blinded_b1 = G1Jacobian::from(b1).add(key.beta_1).add(scaled(key.delta_1, s));
    proof.b = G2Jacobian::from(b2).add(key.beta_2).add(scalar_mul(key.delta_2, s)).to_affine();
    proof.c = G1Jacobian::from(late)
                  .add(h)
                  .add(scaled(proof.a, s))
                  .add(scalar_mul(blinded_b1.to_affine(), r))
                  .add(-scaled(delta_r, s))
                  .to_affine();
    require_finite(proof.a.is_infinity() || proof.b.is_infinity() || proof.c.is_infinity());
    watch.lap("blinding", 0);
    if (!proof_holds(key, proof, witness.first(key.n_public + 1))) {
        if (d && !(*d == early_sum(key, w, nullptr))) throw MalformedInput("D does not commit to this witness's early wires");
        if (key.rows_c) throw InconsistentKey("the witness satisfies, but no proof made with this key verifies");
        throw UnsatisfiedWitness("the finished proof does not verify: the witness does not satisfy the key's circuit");
    }
    watch.lap("verify", 0);
    return proof;
}

}  // namespace tickproof
