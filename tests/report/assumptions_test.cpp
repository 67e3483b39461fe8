// What a report says was assumed: each default that a number depends on.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/bounds/sweep.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view settings = "batch: 2\nradius: 1\ninput: {shape: [4, 2, 2], norm: 1}\n";

std::vector<std::string> assumptions_of(const std::string& layers,
                                        const ReportOptions& options = {}) {
  const Report report =
      make_report({"net.yaml", std::string(settings) + "layers:\n" + layers}, options, {});
  EXPECT_EQ(report.assumptions.front(), "no loss is given: no objective, step size or iterations");
  return {report.assumptions.begin() + 1, report.assumptions.end()};
}

Real real(const char* text) { return Real::from_decimal(text); }

TEST(Assumptions, DefaultsOfComponentsOnceEach) {
  EXPECT_THAT(
      assumptions_of("  - {dense: 3, then: [batch_norm, softplus]}\n"
                     "  - {dense: 3, then: [batch_norm, leaky_relu]}\n"),
      ElementsAre(
          "epsilon = 1e-05 of batch_norm (added to the variance): not given, so the default",
          "per = channel of batch_norm (what a feature is: an element of the sample, as in "
          "the paper, or a channel): not given, so the default",
          "statistics = batch of batch_norm (those of the batch, as in training, or fixed ones, as "
          "in a deployed network): not given, so the default",
          "affine = false of batch_norm (learnable scale and shift, a pair per feature): "
          "not given, so the default",
          "beta = 1 of softplus (scale; the larger, the closer to relu): not given, so the "
          "default",
          "slope = 0.01 of leaky_relu (slope below 0): not given, so the default"));
}

TEST(Assumptions, NothingOfWhatIsGiven) {
  EXPECT_THAT(assumptions_of("  - {dense: 3, then: [{batch_norm: {epsilon: 1, per: channel, "
                             "statistics: batch, affine: false}}, {softplus: 2}, tanh]}\n"),
              IsEmpty());
  // In one place and not in another: it is assumed there.
  EXPECT_THAT(assumptions_of("  - {dense: 3, then: [{softplus: 2}]}\n"
                             "  - {dense: 3, then: [softplus]}\n"),
              ElementsAre(HasSubstr("beta = 1 of softplus")));
}

// What the importer does not write its format says.
TEST(Assumptions, NoDefaultsOfAModel) {
  const std::string text =
      std::string(settings) + "layers: [{dense: 3, then: [{batch_norm: {per: channel}}]}]\n";
  EXPECT_THAT(make_report({"m.onnx", text, {"a note"}, "ONNX"}, {}, {}).assumptions,
              ElementsAre("no loss is given: no objective, step size or iterations", "a note"));
}

// No bound depends on how long a vector of ids is.
TEST(Assumptions, NoNormOfIds) {
  const auto assumptions = [](const char* layer) {
    return make_report({"net.yaml", std::string("batch: 2\nradius: 1\ninput: {shape: [4]}\n"
                                                "layers:\n  - ") +
                                        layer},
                       {}, {})
        .assumptions;
  };
  EXPECT_THAT(assumptions("dense: 3"), Contains(HasSubstr("input_norm = 1")));
  EXPECT_THAT(assumptions("embedding: {entries: 3, features: 2}"),
              ElementsAre("no loss is given: no objective, step size or iterations"));
}

// A shift is part of what `affine` adds.
TEST(Assumptions, OnlyWhatMatters) {
  const auto with = [](const std::string& affine) {
    return assumptions_of("  - {dense: 3, then: [{layer_norm: {epsilon: 1, per: sample, affine: " +
                          affine + "}}]}\n");
  };
  EXPECT_THAT(with("false"), IsEmpty());
  EXPECT_THAT(with("true"), ElementsAre(HasSubstr("scale = true of layer_norm"),
                                        HasSubstr("shift = true of layer_norm")));
}

TEST(Assumptions, OptionsGiveThem) {
  ReportOptions options;
  options.batch_norm_epsilon = real("1");
  options.softplus_scale = real("2");
  const std::string layers =
      "  - {dense: 3, then: [{batch_norm: {per: element, statistics: batch, affine: false}}, "
      "softplus]}\n"
      "  - {dense: 3, then: [{layer_norm: {per: sample}}]}\n";
  EXPECT_THAT(assumptions_of(layers, options),
              ElementsAre(HasSubstr("epsilon = 1e-05 of layer_norm"),
                          HasSubstr("affine = false of layer_norm")));
  // A replaced component has no defaults any more.
  options = {};
  options.smooth_beta = real("3");
  EXPECT_THAT(assumptions_of("  - {dense: 3, then: [relu]}\n", options),
              ElementsAre("smooth: 1 relu replaced by softplus"));
}

TEST(Assumptions, SweptSettingsAreNone) {
  const std::vector<SweepAxis> axes{{.setting = SweepSetting::softplus_scale,
                                     .values = {{"2", real("2"), 0}, {"4", real("4"), 0}}}};
  const ReportOptions options = options_for({}, axes);
  EXPECT_THAT(assumptions_of("  - {dense: 3, then: [softplus]}\n", options), IsEmpty());
  EXPECT_THAT(assumptions_of("  - {dense: 3, then: [tanh]}\n", options),
              ElementsAre("softplus-scale has no effect: there is no softplus"));
}

TEST(Assumptions, ChannelsThatComeLast) {
  const auto notes = [](const std::string& shape) {
    return make_report({"net.yaml", "input: {shape: " + shape + "}\nlayers: [{dense: 2}]\n"}, {},
                       {})
        .assumptions;
  };
  const std::string asked =
      "input [224, 192, 3] is read as 224 channels of 192x3: do channels come first? An image of "
      "224x192 in 3 channels is [3, 224, 192]";
  EXPECT_THAT(notes("[224, 192, 3]"), Contains(asked));
  for (const std::string shape : {"[3, 224, 224]", "[3, 3, 3]", "[224, 224, 5]", "[224, 7, 3]",
                                  "[7, 224, 3]", "[224, 3]", "[224]"}) {
    EXPECT_THAT(notes(shape), ::testing::Each(::testing::Not(HasSubstr("channels come first"))))
        << shape;
  }
  EXPECT_THAT(notes("[8, 8, 4]"), Contains(HasSubstr("channels come first")));
}

}  // namespace
}  // namespace smoothbound::testing
