// Which arithmetic runs. Decided when the kernel is loaded, from what the processor and the build have and from the
// environment variable TICKPROOF_ENGINE=portable|adx|avx2|ifma; changeable by tests. The decision is a pure function of
// features (engine_runs, choice_of), and does not assume that processors stand in a row: Haswell has AVX2 and no ADX, so it
// runs the vector loops of `avx2` and, where one number is worked on at a time, the portable products.
#pragma once

#include <array>
#include <string>

// Unoptimised, compilers give every operand an address register of its own, and the products need nearly all registers.
#if defined(__x86_64__) && defined(__GNUC__) && defined(__OPTIMIZE__)
#define TICKPROOF_HAS_ADX 1
#else
#define TICKPROOF_HAS_ADX 0
#endif
// The build says which vector engines the compiler could make (CMakeLists.txt).
#ifndef TICKPROOF_HAS_AVX2
#define TICKPROOF_HAS_AVX2 0
#endif
#ifndef TICKPROOF_HAS_IFMA
#define TICKPROOF_HAS_IFMA 0
#endif

namespace tickproof {

enum class Engine { portable = 0, adx = 1, avx2 = 2, ifma = 3 };

// Slowest first.
inline constexpr std::array<Engine, 4> all_engines{Engine::portable, Engine::adx, Engine::avx2, Engine::ifma};

constexpr const char* engine_name(Engine e) {
    constexpr const char* names[] = {"portable", "adx", "avx2", "ifma"};
    return names[static_cast<int>(e)];
}

// Instruction sets that an engine may need, where the processor has them, the system keeps their registers, and the build
// has the engine's code.
struct Features {
    bool bmi2 = false, adx = false;
    bool avx2 = false, fma = false;
    bool avx512 = false;  // F, DQ, VL, BW, IFMA and VBMI2, all of them
};

constexpr bool engine_runs(Engine e, const Features& f) {
    switch (e) {
        case Engine::portable: return true;
        case Engine::adx: return f.bmi2 && f.adx;
        case Engine::avx2: return f.bmi2 && f.avx2 && f.fma;
        case Engine::ifma: return f.bmi2 && f.avx512;
    }
    return false;
}

struct Choice {
    Engine engine;
    bool adx_products;  // whether single products are those of field/montgomery_x86.hpp
};

// `e` must run with these features.
constexpr Choice choice_of(Engine e, const Features& f) { return {e, e != Engine::portable && engine_runs(Engine::adx, f)}; }

constexpr Engine best_engine(const Features& f) {
    Engine best = Engine::portable;
    for (const Engine e : all_engines)
        if (engine_runs(e, f)) best = e;
    return best;
}

// The engine of that name; null or empty is the best. Throws BadSetting for a name that no engine has, or one that does
// not run with these features; the message says which do.
Engine engine_named(const char* name, const Features& f);

// What this processor and this build have.
const Features& features();
inline bool engine_runs(Engine e) { return engine_runs(e, features()); }
inline Engine best_engine() { return best_engine(features()); }

// What is in use. Read in every product, written by use_engine alone, and never while another thread computes.
inline constinit Engine engine = Engine::portable;
inline constinit bool adx_products = false;
void use_engine(Engine e, const Features& f = features());

// The same, for one that runs here, by somebody's explicit wish: what the environment says no longer matters.
void choose_engine(Engine e);

// Throws BadSetting while TICKPROOF_ENGINE names no engine that runs here and nobody has chosen another.
void require_engine();

}  // namespace tickproof
