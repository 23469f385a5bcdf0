// The kernel's decisions as pure functions: which engine runs on which processor. test_decisions.py builds and runs it.
#include <cstdio>
#include <string>
#include <vector>

#include "field/engine.hpp"
#include "process/errors.hpp"
#include "transforms/ntt.hpp"

using namespace tickproof;

namespace {

int failures = 0;
void expect(bool holds, const std::string& what) {
    if (holds) return;
    ++failures;
    std::printf("failed: %s\n", what.c_str());
}

// What processors announce: Intel's and AMD's manuals, by generation.
constexpr Features nehalem{};
constexpr Features haswell{.bmi2 = true, .avx2 = true, .fma = true};
constexpr Features broadwell{.bmi2 = true, .adx = true, .avx2 = true, .fma = true};  // and Zen to Zen 3, Alder Lake
constexpr Features ice_lake{.bmi2 = true, .adx = true, .avx2 = true, .fma = true, .avx512 = true};  // and Zen 4
constexpr Features broadwell_without_avx{.bmi2 = true, .adx = true};  // a system or machine monitor that hides AVX

std::string running(const Features& f) {
    std::string out;
    for (const Engine e : all_engines)
        if (engine_runs(e, f)) out += std::string(out.empty() ? "" : " ") + engine_name(e);
    return out;
}

void test_engines() {
    expect(running(nehalem) == "portable", "a processor without any of it");
    expect(running(haswell) == "portable avx2", "Haswell has AVX2 and no ADX");
    expect(running(broadwell) == "portable adx avx2", "Broadwell");
    expect(running(ice_lake) == "portable adx avx2 ifma", "Ice Lake");
    expect(running(broadwell_without_avx) == "portable adx", "Broadwell, AVX hidden");
    for (bool Features::*missing : {&Features::bmi2, &Features::avx2, &Features::fma}) {
        Features f = haswell;
        f.*missing = false;
        expect(!engine_runs(Engine::avx2, f), "avx2 needs AVX2, FMA and BMI2");
    }
    expect(best_engine(nehalem) == Engine::portable && best_engine(haswell) == Engine::avx2, "the best, up to Haswell");
    expect(best_engine(broadwell) == Engine::avx2 && best_engine(ice_lake) == Engine::ifma, "the best, from Broadwell");
    expect(!choice_of(Engine::avx2, haswell).adx_products, "no ADX instruction on Haswell");
    expect(choice_of(Engine::avx2, broadwell).adx_products && choice_of(Engine::adx, broadwell).adx_products, "ADX where it is");
    expect(!choice_of(Engine::portable, ice_lake).adx_products, "portable is portable");
}

std::string refusal(const char* name, const Features& f) {
    try {
        engine_named(name, f);
    } catch (const BadSetting& error) {
        return error.what();
    }
    return {};
}

void test_names() {
    expect(engine_named(nullptr, haswell) == Engine::avx2 && engine_named("", haswell) == Engine::avx2, "no name is the best");
    expect(engine_named("portable", ice_lake) == Engine::portable && engine_named("adx", ice_lake) == Engine::adx, "names");
    expect(refusal("adx", haswell).find("only portable, avx2") != std::string::npos, "an engine that is not here");
    expect(refusal("ADX", ice_lake).find("portable, adx, avx2, ifma") != std::string::npos, "no engine at all");
}

// The vector loops with portable single products beside them, as Haswell runs them.
void test_haswell() {
    if (!engine_runs(Engine::avx2)) return;
    std::vector<Fr> values(256), expected;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = Fr::from_u64(i * i + 3);
    expected = values;
    use_engine(Engine::portable);
    ntt(*Domain::get(8), expected.data(), true);
    use_engine(Engine::avx2, haswell);
    expect(engine == Engine::avx2 && !adx_products, "Haswell's choice is in use");
    ntt(*Domain::get(8), values.data(), true);
    expect(values == expected, "a transform as Haswell computes it");
    use_engine(best_engine());
}

}  // namespace

int main() {
    test_engines();
    test_names();
    test_haswell();
    if (failures == 0) std::puts("decisions: ok");
    return failures != 0;
}
