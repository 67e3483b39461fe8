#include "smoothbound/steps/newton.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "problems.hpp"
#include "smoothbound/steps/dense_step.hpp"
#include "smoothbound/steps/second_order.hpp"
#include "steps/riccati.hpp"

namespace smoothbound::steps {
namespace {

using testing::difference;
using testing::Problem;
using ::testing::ThrowsMessage;
using testing::tolerance;
using testing::Vector;

class Newton : public ::testing::TestWithParam<int> {};

// Few samples: X has fewer rows than columns in dense layers. Many: it has more.
TEST_P(Newton, IsTheStepOfTheDenseModel) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  std::mt19937_64 random(3000 + seed);
  const std::string text = testing::random_chain(seed, random);
  constexpr std::string_view losses[] = {"square", "convex_clustering", "logistic"};
  constexpr std::int64_t samples[] = {2, 3, 9};
  const double lambda = seed % 2 == 0 ? 0 : 0.2;
  Problem p(text, losses[seed % 3], lambda, samples[(seed / 3) % 3], random);
  SplitChain chain(p.graph, p.samples);
  const auto output = chain.forward(p.w, p.x);
  ASSERT_LT(difference({output.begin(), output.end()}, p.objective.predictions()), 1e-14);
  ASSERT_EQ(chain.parameters(), static_cast<std::int64_t>(p.w.size()));
  for (const StepKind kind : {StepKind::gradient, StepKind::gauss_newton, StepKind::newton}) {
    SCOPED_TRACE("seed " + std::to_string(3000 + seed) + ", step kind " +
                 std::to_string(static_cast<int>(kind)) + "\n" + p.text);
    const Direction found = newton_direction(chain, p.objective.loss(), p.regularizer, 0.8, kind);
    const Direction dense = dense_step(p.objective, kind, 0.8);
    EXPECT_LT(difference(found.step, dense.step), tolerance);
    EXPECT_EQ(found.gamma, dense.gamma);
    EXPECT_EQ(found.halvings, dense.halvings);
    EXPECT_NEAR(found.predicted_decrease, dense.predicted_decrease,
                tolerance * dense.predicted_decrease);
    LqProblem lq = p.lq(kind, 0.8);
    lq.gamma = found.gamma;
    EXPECT_LT(residual(lq, found.step), 1e-10);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Newton, ::testing::Range(0, 54));

class Chains : public ::testing::TestWithParam<testing::NamedNetwork> {};

// Groups, strides, dilation, padding, norms of every kind. The whole model through its products.
TEST_P(Chains, AreSolved) {
  if (!reason_against_chain(testing::graph_of(GetParam().text, 2)).empty()) return;
  std::mt19937_64 random(13);
  Problem p(std::string(GetParam().text), "square", 0.1, 2, random);
  SplitChain chain(p.graph, p.samples);
  chain.forward(p.w, p.x);
  const Direction found = newton_direction(chain, p.objective.loss(), p.regularizer, 0.1);
  Vector gradient(p.w.size());
  Vector product(p.w.size());
  p.objective.gradient(gradient);
  p.objective.hessian_product(found.step, product);
  for (std::size_t i = 0; i < product.size(); ++i) {
    product[i] = -product[i] - found.step[i] / found.gamma;
  }
  EXPECT_LT(difference(product, gradient), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Any, Chains, ::testing::ValuesIn(testing::smooth_networks),
                         [](const auto& test) { return std::string(test.param.name); });

constexpr std::string_view small_chain = R"(
input: {shape: [9], norm: 1}
layers:
  - dense: 6
    then: [tanh]
  - dense: 7
    then: [softplus]
  - dense: 2
)";

TEST(Newton, HalvesGammaAsTheGeneralSweepDoes) {
  int halved = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Problem p(std::string(small_chain), "square", seed % 2 == 0 ? 0.05 : 0, 3, random,
              Problem::Form::chain, 2);
    SplitChain chain(p.graph, p.samples);
    chain.forward(p.w, p.x);
    for (const double gamma : {0.4, 5.0, 200.0}) {
      const Direction found = newton_direction(chain, p.objective.loss(), p.regularizer, gamma);
      const Direction expected = riccati_step(p.lq(StepKind::newton, gamma));
      EXPECT_EQ(found.halvings, expected.halvings);
      EXPECT_EQ(found.gamma, expected.gamma);
      halved += found.halvings > 0 ? 1 : 0;
    }
  }
  EXPECT_GT(halved, 5);
}

TEST(Newton, ErrorsSayWhatIsWrong) {
  std::mt19937_64 random(10);
  Problem p(std::string(small_chain), "square", 0, 2, random);
  SplitChain chain(p.graph, 2);
  const LossEvaluation loss = p.objective.loss();
  EXPECT_THAT([&] { newton_direction(chain, loss, {}, 1); },
              ThrowsMessage<std::invalid_argument>("a step needs a forward pass before"));
  EXPECT_THAT([&] { chain.forward(Vector(3), p.x); },
              ThrowsMessage<std::invalid_argument>("the network has 125 parameters, not 3"));
  EXPECT_THAT([&] { chain.forward(p.w, Vector(3)); },
              ThrowsMessage<std::invalid_argument>("the input has 3 entries, not 18"));
  chain.forward(p.w, p.x);
  EXPECT_THAT(
      [&] { newton_direction(chain, loss, {}, -1); },
      ThrowsMessage<std::invalid_argument>("gamma is -1; it has to be positive and finite"));
  LossEvaluation other = loss;
  other.gradient.push_back(0);
  EXPECT_THAT([&] { newton_direction(chain, other, {}, 1); },
              ThrowsMessage<std::invalid_argument>("the network has 4 outputs, the loss 5"));
  other = loss;
  other.gradient[1] = NAN;
  EXPECT_THAT([&] { newton_direction(chain, other, {}, 1); },
              ThrowsMessage<NotFinite>("the derivatives of the loss are not finite"));
  EXPECT_THAT([&] { newton_direction(chain, loss, {INFINITY}, 1); },
              ThrowsMessage<NotFinite>("the quadratic model is not finite at layer 3"));
  EXPECT_THAT([&] { newton_direction(chain, loss, {-1e30}, 1); },
              ThrowsMessage<NotBoundedBelow>(
                  "the quadratic model is not bounded below: after 60 halvings, with gamma = "
                  "8.67e-19, its matrix is still not positive definite"));
  // tanh of it and its derivative are finite again.
  Vector x = p.x;
  x[0] = INFINITY;
  chain.forward(p.w, x);
  EXPECT_THAT([&] { newton_direction(chain, loss, {}, 1); },
              ThrowsMessage<NotFinite>("the quadratic model is not finite at layer 1"));
  const Graph branches = testing::graph_of(
      "input: {shape: [2], norm: 1}\nlayers:\n  - name: a\n    dense: 2\n"
      "  - name: b\n    add: [a, input]\n",
      1);
  EXPECT_THAT([&] { SplitChain(branches, 1); },
              ThrowsMessage<std::invalid_argument>(
                  "layer 'b' does not read just the layer before it: no chain"));
  Graph no_weights = p.graph;
  no_weights.layers[1].components.erase(no_weights.layers[1].components.begin());
  EXPECT_THAT(
      [&] { SplitChain(no_weights, 1); },
      ThrowsMessage<std::invalid_argument>(
          "layer 'layer2' has no weights to begin with: a Newton step of a chain needs them"));
}

// By what is smaller than memory: a sweep along the chain, or the whole Hessian.
TEST(SecondOrderSteps, TakeNoMoreMemoryThanThereIs) {
  const auto chain = [](int width) {
    return testing::graph_of("input: {shape: [4]}\nlayers: [{name: a, dense: " +
                                 std::to_string(width) + ", then: [softplus]}, {dense: 3}]",
                             2);
  };
  const auto message = [](const Graph& graph, std::int64_t batch) -> std::string {
    try {
      const SecondOrder step(graph, batch, StepKind::newton);
    } catch (const TooManyParameters& error) {
      return error.what();
    }
    return "";
  };
  constexpr std::int64_t many = 1'000'000;  // a matrix of 2e8 x 2e8 numbers
  EXPECT_EQ(message(chain(200), many), "");
  EXPECT_EQ(message(chain(1000), 2), "");
  EXPECT_THAT(message(chain(1000), many),
              ::testing::MatchesRegex("Newton steps of a chain of layers take matrices of all "
                                      "outputs of a layer on 1000000 samples, about .* TiB, and "
                                      "there are .*"));
}

}  // namespace
}  // namespace smoothbound::steps
