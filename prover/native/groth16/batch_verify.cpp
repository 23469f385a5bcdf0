#include "groth16/batch_verify.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "process/threads.hpp"

namespace tickproof {
namespace {

constexpr std::string_view kWeightDomain = "tickproof.batch.v1";

// sum k_i P_i with shared doublings, for the few and short scalars of verification.
G1Jacobian combine(std::span<const G1Affine> points, std::span<const Limbs> scalars) {
    int bits = 0;
    for (const Limbs& k : scalars) bits = std::max(bits, limbs::bit_length(k));
    G1Jacobian sum = G1Jacobian::infinity();
    for (int i = bits; i-- > 0;) {
        sum = sum.dbl();
        for (std::size_t j = 0; j < points.size(); ++j)
            if (limbs::bit(scalars[j], static_cast<unsigned>(i))) sum = sum.add(points[j]);
    }
    return sum;
}

// What is paired with gamma, epsilon and delta.
struct Sides {
    G1Affine statement, committed, c;
};
Fq12 fixed_pairs(const VerifyingKey& key, const Sides& sides) {
    std::vector<G1Affine> ps{sides.statement, sides.c};
    std::vector<const PreparedG2*> qs{&key.gamma, &key.delta};
    if (key.epsilon) {
        ps.push_back(sides.committed);
        qs.push_back(&*key.epsilon);
    }
    return miller_product(ps, qs);
}

bool holds(const VerifyingKey& key, const Claim& claim) {
    std::vector<Limbs> inputs{{1, 0, 0, 0}};
    for (const Fr& x : claim.public_inputs) inputs.push_back(x.canonical());
    const G1Affine statement = combine(key.ic, inputs).to_affine();
    const std::array<PointPair, 1> own{PointPair{-claim.proof.a, claim.proof.b}};
    const Fq12 product =
        miller_product(own) * fixed_pairs(key, {statement, claim.proof.d, claim.proof.c}) * key.alpha_beta;
    return final_exponentiation(product) == Fq12::one();
}

void hash_number(Keccak256& hash, const Limbs& value) {
    std::array<std::uint8_t, 32> bytes;
    limbs::store_le(value, bytes.data());
    hash.update(bytes);
}

void hash_point(Keccak256& hash, const G1Affine& p) {
    std::array<std::uint8_t, 64> bytes;
    p.to_bytes(bytes.data());
    hash.update(bytes);
}

// z_i: 128 bits, of which the lowest is set so that none is zero.
std::vector<Limbs> weights(const VerifyingKey& key, std::span<const Claim> claims) {
    Keccak256 all;
    all.update({reinterpret_cast<const std::uint8_t*>(kWeightDomain.data()), kWeightDomain.size()});
    all.update(key.hash);
    hash_number(all, {claims.size(), key.n_public(), 0, 0});
    for (const Claim& claim : claims) {
        hash_point(all, claim.proof.a);
        std::array<std::uint8_t, 128> b;
        claim.proof.b.to_bytes(b.data());
        all.update(b);
        hash_point(all, claim.proof.c);
        hash_point(all, claim.proof.d);
        for (const Fr& x : claim.public_inputs) hash_number(all, x.canonical());
    }
    const Keccak256::Digest seed = all.finish();
    std::vector<Limbs> out;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        Keccak256 one;
        one.update(seed);
        hash_number(one, {i, 0, 0, 0});
        const Limbs digest = limbs::load_le(one.finish().data());
        out.push_back({digest[0] | 1, digest[1], 0, 0});
    }
    return out;
}

bool batch_holds(const VerifyingKey& key, std::span<const Claim> claims) {
    const std::vector<Limbs> z = weights(key, claims);
    std::vector<Fr> ic_scalars(key.ic.size(), Fr::zero());
    std::vector<G1Affine> cs, ds;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const Fr weight = Fr::from_canonical(z[i]);
        ic_scalars[0] += weight;
        for (std::size_t j = 0; j < key.n_public(); ++j) ic_scalars[j + 1] += weight * claims[i].public_inputs[j];
        cs.push_back(claims[i].proof.c);
        if (key.epsilon) ds.push_back(claims[i].proof.d);
    }
    std::vector<Limbs> ic_integers;
    for (const Fr& s : ic_scalars) ic_integers.push_back(s.canonical());

    // Independent pieces of work for the kernel's threads: the weighted A_i, and the sums.
    std::vector<PointPair> pairs(claims.size() + 1);
    Sides sides{G1Affine::infinity(), G1Affine::infinity(), G1Affine::infinity()};
    const std::size_t n = claims.size();
    threads::parallel_tasks(n + 4, [&](std::size_t i) {
        if (i < n)
            pairs[i] = {(-scalar_mul(claims[i].proof.a, z[i])).to_affine(), claims[i].proof.b};
        else if (i == n)
            sides.c = combine(cs, z).to_affine();
        else if (i == n + 1)
            sides.statement = combine(key.ic, ic_integers).to_affine();
        else if (i == n + 2 && key.epsilon)
            sides.committed = combine(ds, z).to_affine();
        else if (i == n + 3)
            pairs[n] = {scalar_mul(key.alpha, ic_scalars[0]).to_affine(), key.beta_point};
    });
    return final_exponentiation(miller_product(pairs) * fixed_pairs(key, sides)) == Fq12::one();
}

}  // namespace

std::vector<Fr> challenge_inputs(const VerifyingKey& key, const Proof& proof, std::span<const Fr> words) {
    if (words.empty()) throw MalformedInput("a statement has at least one word");
    const Fr chi = challenge(key, proof.d, words);
    Fr y = Fr::zero();
    for (std::size_t i = words.size(); i-- > 0;) y = y * chi + words[i];
    return {chi, y};
}

void check_equation(const VerifyingKey& key, const Claim& claim) {
    if (!holds(key, claim)) throw InvalidProof("the pairing equation does not hold");
}

void check_batch(const VerifyingKey& key, std::span<const Claim> claims) {
    if (claims.empty() || batch_holds(key, claims)) return;
    for (std::size_t i = 0; i < claims.size(); ++i)
        if (!holds(key, claims[i])) throw InvalidProof("proof " + std::to_string(i) + ": the pairing equation does not hold");
    // Weights are never zero, so a false product has a false factor.
    throw KernelError("batch verification contradicts itself");
}

}  // namespace tickproof
