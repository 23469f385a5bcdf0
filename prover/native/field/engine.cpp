#include "field/engine.hpp"

#include <cstdlib>
#include <cstring>

#include "process/errors.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

namespace tickproof {
namespace {

Features detect() {
    Features f;
#if defined(__x86_64__) && defined(__GNUC__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return f;
    f.bmi2 = b & (1u << 8);
    f.adx = TICKPROOF_HAS_ADX && (b & (1u << 19));
    // __builtin_cpu_supports also asks the operating system whether it saves the wide registers.
    __builtin_cpu_init();
    f.avx2 = TICKPROOF_HAS_AVX2 && __builtin_cpu_supports("avx2");
    f.fma = __builtin_cpu_supports("fma");
    f.avx512 = TICKPROOF_HAS_IFMA && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512ifma") &&
               __builtin_cpu_supports("avx512vbmi2");
#endif
    return f;
}

const Features here = detect();

std::string names(const Features* f) {
    std::string out;
    for (const Engine e : all_engines) {
        if (f && !engine_runs(e, *f)) continue;
        if (!out.empty()) out += ", ";
        out += engine_name(e);
    }
    return out;
}

// The environment's choice; empty, or what is wrong with it. An exception cannot leave the loading of a library.
std::string settle() {
    try {
        use_engine(engine_named(std::getenv("TICKPROOF_ENGINE"), here), here);
        return {};
    } catch (const BadSetting& error) {
        return std::string("TICKPROOF_ENGINE: ") + error.what();
    }
}

std::string& fault() {
    static std::string& text = *new std::string(settle());
    return text;
}
[[maybe_unused]] const bool settled_on_load = fault().empty();

}  // namespace

const Features& features() { return here; }

Engine engine_named(const char* name, const Features& f) {
    if (!name || !*name) return best_engine(f);
    for (const Engine e : all_engines) {
        if (std::strcmp(name, engine_name(e)) != 0) continue;
        if (engine_runs(e, f)) return e;
        throw BadSetting(std::string("this processor or build cannot run the engine ") + name + ", only " + names(&f));
    }
    throw BadSetting(std::string("there is no engine \"") + name + "\": the engines are " + names(nullptr) +
                     ", and this processor and build run " + names(&f));
}

void use_engine(Engine e, const Features& f) {
    const Choice choice = choice_of(e, f);
    engine = choice.engine;
    adx_products = choice.adx_products;
}

void choose_engine(Engine e) {
    use_engine(e);
    fault().clear();
}

void require_engine() {
    if (!fault().empty()) [[unlikely]]
        throw BadSetting(fault());
}

}  // namespace tickproof
