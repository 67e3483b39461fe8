#include <limits>

#include "evaluation.hpp"

namespace smoothbound {
namespace {

using test::Doubles;
using test::message_of;
using test::Problem;

std::string refusal(const Problem& problem) {
  return message_of<LossDataError>([&] { (void)problem.evaluate(); });
}

Problem problem(const char* loss, Labels labels = {}) {
  return {find_loss(loss), 2, 2, {1, 2, 3, 4}, std::move(labels)};
}

TEST(LossMessages, SizesOfPredictions) {
  Problem p = problem("k_means");
  p.samples = 3;
  EXPECT_EQ(refusal(p), "k_means: 4 predictions are not 3 samples of 2 outputs");
  p.outputs = 3;
  EXPECT_EQ(refusal(p), "k_means: 4 predictions are not 3 samples of 3 outputs");
  p.samples = std::int64_t{1} << 62;  // a product of sizes would overflow to 0
  p.outputs = 4;
  p.z.clear();
  EXPECT_EQ(refusal(p), "k_means: 0 predictions are not 4611686018427387904 samples of 4 outputs");
  p.samples = 0;
  EXPECT_EQ(refusal(p), "k_means: 0 samples of 4 outputs; at least one of each is needed");
  p.samples = 2;
  p.outputs = -1;
  EXPECT_EQ(refusal(p), "k_means: 2 samples of -1 outputs; at least one of each is needed");
}

TEST(LossMessages, PredictionsThatAreNotFinite) {
  for (const LossRow& row : loss_table()) {
    Problem p = problem(std::string(row.name).c_str(), {{0, 1}, {}});
    const std::string name(row.name);
    p.z[2] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(refusal(p), name + ": sample 1: output 0 is nan");
    p.z[2] = -p.z[2];
    EXPECT_EQ(refusal(p), name + ": sample 1: output 0 is nan");
    p.z[1] = -std::numeric_limits<double>::infinity();
    EXPECT_EQ(refusal(p), name + ": sample 0: output 1 is -inf");
  }
}

TEST(LossMessages, Labels) {
  EXPECT_EQ(refusal(problem("logistic")), "logistic needs labels: the class of each sample");
  EXPECT_EQ(refusal(problem("logistic", {{}, {1, 2, 3, 4}})),
            "logistic needs labels: the class of each sample");
  EXPECT_EQ(refusal(problem("logistic", {{0}, {}})), "logistic: 1 labels for 2 samples");
  EXPECT_EQ(refusal(problem("logistic", {{0, 2}, {}})),
            "logistic: sample 1: label 2 is no class; 2 outputs stand for classes 0 to 1");
  EXPECT_EQ(refusal(problem("logistic", {{-1, 2}, {}})),
            "logistic: sample 0: label -1 is no class; 2 outputs stand for classes 0 to 1");
  EXPECT_EQ(refusal(problem("square")),
            "square needs labels: targets, or the class of each sample");
  EXPECT_EQ(refusal(problem("square", {{0, 1}, {1, 2, 3, 4}})),
            "square takes targets or classes as labels, not both");
  EXPECT_EQ(refusal(problem("square", {{}, {1, 2, 3}})),
            "square: 3 target numbers for 2 samples of 2 outputs");
  EXPECT_EQ(refusal(problem("square", {{}, {1, 2, 3, HUGE_VAL}})),
            "square: sample 1: target 1 is inf");
  EXPECT_EQ(refusal(problem("square", {{0, 5}, {}})),
            "square: sample 1: label 5 is no class; 2 outputs stand for classes 0 to 1");
  Problem p = problem("logistic");
  LossData data = p.data();
  data.labels = nullptr;
  for (const char* name : {"logistic", "square"}) {
    const std::string message =
        message_of<LossDataError>([&] { (void)evaluate_loss(*find_loss(name), data); });
    EXPECT_EQ(message.find(std::string(name) + " needs labels"), 0U);
  }
}

TEST(LossMessages, LabelsOfPositions) {
  Problem p{find_loss("logistic"), 2, 4, Doubles(8), {{0, 1, 1}, {}}, 2, 2};
  EXPECT_EQ(refusal(p), "logistic: 3 labels for 2 samples of 2 positions");
  p.labels.classes = {0, 1, 1, 2};
  EXPECT_EQ(refusal(p),
            "logistic: sample 1, position 1: label 2 is no class; 2 channels stand for classes 0 "
            "to 1");
  p.positions = 3;
  EXPECT_EQ(refusal(p), "logistic: 4 outputs are no channels of 3 positions");
}

TEST(LossMessages, TargetsThatAreNoProbabilities) {
  EXPECT_EQ(refusal(problem("binary_logistic", {{}, {0, 1, 0.5, 1.25}})),
            "binary_logistic: sample 1: target 1 is 1.25; targets lie between 0 and 1");
  EXPECT_EQ(refusal(problem("binary_logistic", {{}, {0, -1, 0.5, 1}})),
            "binary_logistic: sample 0: target 1 is -1; targets lie between 0 and 1");
  EXPECT_EQ(refusal(problem("huber")), "huber needs labels: targets, or the class of each sample");
}

TEST(LossMessages, SettingsOutOfRange) {
  Problem p = problem("logistic", {{0, 1}, {}});
  p.label_smoothing = 1.5;
  EXPECT_EQ(refusal(p), "logistic: a label smoothing of 1.5; it is a share, from 0 to 1");
  p = problem("huber", {{0, 1}, {}});
  p.threshold = 0;
  EXPECT_EQ(refusal(p), "huber: a threshold of 0; it is positive");
}

TEST(LossMessages, Clusters) {
  Problem p = problem("k_means");
  p.clusters = 0;
  EXPECT_EQ(refusal(p), "k_means: 0 clusters; at least one is needed");
}

TEST(LossMessages, WarmStarts) {
  const Problem p = problem("convex_clustering");
  LossData data = p.data();
  Doubles warm_start{1, 2, 3};
  data.warm_start = warm_start;
  const auto refused = [&] {
    return message_of<LossDataError>([&] { (void)evaluate_loss(*p.loss, data); });
  };
  EXPECT_EQ(refused(),
            "convex_clustering: a warm start of 3 numbers; 2 samples of 2 outputs have 2");
  warm_start = {std::nan(""), 0};
  data.warm_start = warm_start;
  EXPECT_EQ(refused(), "convex_clustering: the warm start has numbers that are not finite");
}

TEST(LossMessages, Products) {
  const LossEvaluation f = problem("square", {{0, 1}, {}}).evaluate();
  Doubles out(4);
  EXPECT_EQ(message_of<LossDataError>([&] { f.hessian_product(Doubles(3), out); }),
            "square: direction of 3 and product of 4 numbers; both are 4");
}

TEST(LossMessages, EveryErrorIsALossError) {
  EXPECT_EQ(message_of<LossError>([] { (void)problem("square").evaluate(); }).find("square"), 0U);
}

}  // namespace
}  // namespace smoothbound
