// Keccak-256 as Ethereum uses it: the sponge of FIPS 202 with the original padding byte 0x01. Challenges and batch
// weights are hashed with it, so that contracts can compute the same.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

namespace tickproof {

class Keccak256 {
public:
    static constexpr std::size_t kRate = 136;
    using Digest = std::array<std::uint8_t, 32>;

    Keccak256& update(std::span<const std::uint8_t> data) {
        for (const std::uint8_t byte : data) {
            absorb(byte);
            if (filled_ == kRate) {
                permute();
                filled_ = 0;
            }
        }
        return *this;
    }

    // The digest of all that was given; the object is not used again.
    Digest finish() {
        absorb(0x01);
        state_[(kRate - 1) / 8] ^= std::uint64_t{0x80} << (8 * ((kRate - 1) % 8));
        permute();
        Digest out;
        for (unsigned i = 0; i < 32; ++i) out[i] = static_cast<std::uint8_t>(state_[i / 8] >> (8 * (i % 8)));
        return out;
    }

private:
    std::array<std::uint64_t, 25> state_{};  // lane (x, y) at x + 5y
    std::size_t filled_ = 0;

    void absorb(std::uint8_t byte) {
        state_[filled_ / 8] ^= std::uint64_t{byte} << (8 * (filled_ % 8));
        ++filled_;
    }

    // FIPS 202, algorithm 5: bit 2^j - 1 of each round's constant, from an LFSR.
    static constexpr std::array<std::uint64_t, 24> kRoundConstants = [] {
        std::array<std::uint64_t, 24> out{};
        unsigned lfsr = 1;
        for (auto& constant : out) {
            for (unsigned j = 0; j < 7; ++j) {
                if (lfsr & 1) constant |= std::uint64_t{1} << ((1u << j) - 1);
                lfsr = lfsr << 1 ^ (lfsr & 0x80 ? 0x171 : 0);
            }
        }
        return out;
    }();

    void permute() {
        auto& a = state_;
        for (const std::uint64_t constant : kRoundConstants) {
            // theta
            std::array<std::uint64_t, 5> c;
            for (unsigned x = 0; x < 5; ++x) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
            for (unsigned x = 0; x < 5; ++x) {
                const std::uint64_t d = c[(x + 4) % 5] ^ std::rotl(c[(x + 1) % 5], 1);
                for (unsigned y = 0; y < 25; y += 5) a[x + y] ^= d;
            }
            // rho and pi, along the cycle of positions that starts at (1, 0)
            std::uint64_t lane = a[1];
            unsigned x = 1, y = 0;
            for (unsigned t = 0; t < 24; ++t) {
                const unsigned next = (2 * x + 3 * y) % 5;
                x = y;
                y = next;
                const std::uint64_t kept = a[x + 5 * y];
                a[x + 5 * y] = std::rotl(lane, static_cast<int>((t + 1) * (t + 2) / 2 % 64));
                lane = kept;
            }
            // chi and iota
            for (unsigned row = 0; row < 25; row += 5) {
                const std::array<std::uint64_t, 5> b{a[row], a[row + 1], a[row + 2], a[row + 3], a[row + 4]};
                for (unsigned i = 0; i < 5; ++i) a[row + i] = b[i] ^ (~b[(i + 1) % 5] & b[(i + 2) % 5]);
            }
            a[0] ^= constant;
        }
    }
};

}  // namespace tickproof
