// VGG-16 as in section 5.1 of the paper against numbers computed elsewhere, and what section 5.2
// says of batch normalization.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "support/ball.hpp"
#include "support/source_directory.hpp"

namespace smoothbound {
namespace {

// Convolutions 3x3 with padding 1 and softplus, 2x2 average poolings, dense layers. An `epsilon`
// adds batch norm of each element after the softplus or pooling of every convolution.
std::string vgg16_text(const std::string& epsilon) {
  struct Conv {
    int filters;
    bool pooled;
  };
  constexpr std::array convolutions{
      Conv{64, false},  Conv{64, true},   Conv{128, false}, Conv{128, true},  Conv{256, false},
      Conv{256, false}, Conv{256, true},  Conv{512, false}, Conv{512, false}, Conv{512, true},
      Conv{512, false}, Conv{512, false}, Conv{512, true}};
  std::string text = "name: vgg16\nbatch: 128\ninput: {shape: [3, 224, 224], norm: 1}\nradius: 1\n";
  text += "layers:\n";
  for (const Conv& conv : convolutions) {
    text += fmt::format(
        "  - conv: {{filters: {}, kernel: 3, padding: 1}}\n    then: [softplus{}{}]\n",
        conv.filters, conv.pooled ? ", {average_pool: 2}" : "",
        epsilon.empty() ? "" : ", {batch_norm: {epsilon: " + epsilon + ", per: element}}");
  }
  text += "  - {dense: 4096, then: [softplus]}\n  - {dense: 4096, then: [softplus]}\n";
  return text + "  - {dense: 1000, then: [softmax]}\n";
}

BoundTable evaluate_vgg16(const std::string& epsilon, Method method,
                          const Refinements& refinements = {}) {
  Spec spec = read_spec(Source{"vgg16.yaml", vgg16_text(epsilon)});
  const ResolvedSettings settings = resolve(spec.settings);
  const Graph graph = build_graph(std::move(spec), settings.batch);
  Inputs inputs{settings.batch, settings.input_norm.upper, settings.radius.upper};
  inputs.refinements = refinements;
  return evaluate_bounds(graph, inputs, method);
}

// Relative distance at most 1e-12. The reference is rounded to 17 digits, so the bound may be below
// it, and which side is exact does not matter.
testing::AssertionResult agrees(const Magnitude& value, const std::string& reference) {
  using support::Ball;
  const Ball given = Ball::of(value);
  const Ball expected = Ball::decimal(reference);
  if (!given.is_infinite() &&
      !certainly_less(expected * Ball::decimal("1e-12"), difference(given, expected))) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << value.to_text(20) << " is not " << reference;
}

struct Case {
  const char* key;
  const char* epsilon;
  Method method;
};

class Vgg16 : public testing::TestWithParam<Case> {};

TEST_P(Vgg16, EveryLayerAgreesWithTheReference) {
  std::ifstream file(SMOOTHBOUND_SOURCE_DIR "/tests/reference/vgg16.json");
  const auto reference = nlohmann::json::parse(file).at(GetParam().key);
  // Of the rules at one norm.
  const BoundTable table =
      evaluate_vgg16(GetParam().epsilon, GetParam().method, {false, false, false, false});
  ASSERT_EQ(table.layers.size(), 16U);
  ASSERT_EQ(reference.size(), 16U);
  for (std::size_t i = 0; i < 16; ++i) {
    SCOPED_TRACE("layer " + std::to_string(i + 1));
    EXPECT_TRUE(agrees(table.layers[i].m, reference[i][0]));
    EXPECT_TRUE(agrees(table.layers[i].lipschitz, reference[i][1]));
    EXPECT_TRUE(agrees(table.layers[i].smoothness, reference[i][2]));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Vgg16,
                         testing::Values(Case{"paper plain", "", Method::paper},
                                         Case{"paper bn_element_eps_1e-2", "1e-2", Method::paper},
                                         Case{"paper bn_element_eps_1e2", "1e2", Method::paper},
                                         Case{"sharp plain", "", Method::sharp}),
                         [](const auto& test) {
                           std::string name = test.param.key;
                           for (char& c : name)
                             c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           return name;
                         });

// Section 5.2: with epsilon = 1e-2 batch normalization makes both constants larger, with 1e2
// smaller.
TEST(Vgg16Claims, BatchNormHelpsOrHarmsAsThePaperSays) {
  for (const Method method : {Method::paper, Method::sharp}) {
    SCOPED_TRACE(name_of(method));
    const BoundTable plain = evaluate_vgg16("", method);
    const BoundTable small_epsilon = evaluate_vgg16("1e-2", method);
    const BoundTable large_epsilon = evaluate_vgg16("1e2", method);
    EXPECT_LT(plain.network().lipschitz, small_epsilon.network().lipschitz);
    EXPECT_LT(plain.network().smoothness, small_epsilon.network().smoothness);
    EXPECT_GT(plain.network().lipschitz, large_epsilon.network().lipschitz);
    EXPECT_GT(plain.network().smoothness, large_epsilon.network().smoothness);
  }
}

// ||w|| <= sqrt(16): sixteen blocks of radius 1.
TEST(Vgg16Claims, ParameterNormIsFour) {
  EXPECT_EQ(check_upper(evaluate_vgg16("", Method::paper).parameter_norm, support::Ball(4)), "");
}

}  // namespace
}  // namespace smoothbound
