// What components state at the maximum norm, for those that the oracle of tests/bounds takes at
// their word: each number is worked out here, and reached by the example next to it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "support/ball.hpp"
#include "support/read_network.hpp"

namespace smoothbound::of_components {
namespace {

using support::Ball;
using support::check_upper;

Ball root(std::int64_t n) { return square_root(Ball(n)); }

// Part `index` of the first layer's last component, of a batch of 3.
Part part_of(const std::string& shape, const std::string& layer, std::ptrdiff_t index = 0) {
  const support::Network network = support::read_network(
      fmt::format("batch: 3\ninput: {{shape: {}, norm: 1}}\nlayers:\n  - {}\n", shape, layer));
  const Layer& first = network.graph.layers.front();
  const std::size_t last = first.components.size() - 1;
  const Site site = network.graph.site_of(first, last, 3);
  return std::visit(
      [&](const auto& component) -> Part {
        if constexpr (UnaryType<std::remove_cvref_t<decltype(component)>>) {
          const Parts parts = component.parts(site, Method::sharp);
          EXPECT_LT(index, parts.end() - parts.begin());
          return *(parts.begin() + index);
        } else {
          throw std::invalid_argument("a merge has no parts");
        }
      },
      first.components[last].component);
}

// `by_euclidean`: of the Euclidean norm of whatever part of a batch is read.
void expect_reading(const Reading& reads, const Ball& by_euclidean, const Ball& by_maximum) {
  EXPECT_EQ(check_upper(*std::min_element(reads.begin(), reads.begin() + maximum), by_euclidean),
            "")
      << "Euclidean";
  EXPECT_EQ(check_upper(reads[maximum], by_maximum), "") << "maximum";
}

struct Affine {
  Ball by_euclidean, by_maximum, bilinear, parameters, input, offset;
};
void expect_affine(const Part& part, const Affine& expected) {
  const auto& at = std::get<AffineConstants>(part).at_maximum;
  ASSERT_TRUE(at.has_value());
  expect_reading(at->reads, expected.by_euclidean, expected.by_maximum);
  EXPECT_EQ(check_upper(at->bilinear, expected.bilinear), "");
  EXPECT_EQ(check_upper(at->linear_parameters, expected.parameters), "");
  EXPECT_EQ(check_upper(at->linear_input, expected.input), "");
  EXPECT_EQ(check_upper(at->offset, expected.offset), "");
  EXPECT_TRUE(at->at_point.is_zero());
}

struct Map {
  Ball by_euclidean, by_maximum, bound, lipschitz, smoothness, at_zero, slope_at_zero;
};
void expect_map(const Part& part, const Map& expected) {
  const auto& at = std::get<MapConstants>(part).at_maximum;
  ASSERT_TRUE(at.has_value());
  expect_reading(at->reads, expected.by_euclidean, expected.by_maximum);
  EXPECT_EQ(check_upper(at->bound, expected.bound), "") << "bound";
  EXPECT_EQ(check_upper(at->lipschitz, expected.lipschitz), "") << "lipschitz";
  EXPECT_EQ(check_upper(at->smoothness, expected.smoothness), "") << "smoothness";
  EXPECT_EQ(check_upper(at->at_zero, expected.at_zero), "") << "at zero";
  EXPECT_EQ(check_upper(at->slope_at_zero, expected.slope_at_zero), "") << "slope at zero";
}

const Ball none = Ball::infinity();

// All weights of a ball in what one output reads: all inputs 1, weights R/sqrt(D) each.
TEST(AtMaximum, OfPartsWithWeights) {
  expect_affine(part_of("[4, 3]", "dense: 2"), {1, root(12), 1, 1, 0, 0});
  expect_affine(part_of("[4, 3]", "{dense: 2, bias: false}"), {1, root(12), 1, 0, 0, 0});
  expect_affine(part_of("[4, 3]", "dense: {units: 2, per: position}"), {1, root(4), 1, 1, 0, 0});
  expect_affine(part_of("[4, 7]", "conv: {filters: 2, kernel: 3}"), {1, root(12), 1, 1, 0, 0});
  expect_affine(part_of("[4, 5, 5]", "conv: {filters: 2, kernel: [2, 3], groups: 2}"),
                {1, root(12), 1, 1, 0, 0});
  // Kernel 4, stride 2: an output adds up 2 inputs, of stride 1 as many as there are: 3, not 4.
  expect_affine(part_of("[4, 3]", "conv_transposed: {filters: 2, kernel: 4, stride: 2}"),
                {1, root(8), 1, 1, 0, 0});
  expect_affine(part_of("[4, 3]", "conv_transposed: {filters: 2, kernel: 4, groups: 2}"),
                {1, root(6), 1, 1, 0, 0});
  expect_affine(part_of("[4, 3, 3]", "{conv_transposed: {filters: 2, kernel: 2}, bias: false}"),
                {1, root(16), 1, 0, 0, 0});
}

// v itself, whose largest entry may be all of it.
TEST(AtMaximum, OfAParameter) {
  expect_affine(part_of("[2]", "parameter: [3, 2]"), {none, 1, 0, 1, 0, 0});
}

// A row of the table, one entry of which may be all of it.
TEST(AtMaximum, OfAnEmbedding) {
  expect_affine(part_of("[4]", "embedding: {entries: 3, features: 2}"), {none, 1, 0, 1, 0, 0});
}

// gamma_c z + delta_c of z = sqrt(3), gamma_c = sqrt(3)/2, delta_c = 1/2 is 2 = sqrt(3 + 1).
TEST(AtMaximum, OfScaleAndShift) {
  const auto behind = [](const std::string& settings) {
    return part_of("[4, 3]", "then: [{layer_norm: {affine: true" + settings + "}}]", 1);
  };
  expect_affine(behind(""), {none, 1, 1, 1, 0, 0});
  expect_affine(behind(", shift: false"), {none, 1, 1, 0, 0, 0});
  expect_affine(behind(", scale: false"), {none, 1, 0, 1, 1, 0});
}

TEST(AtMaximum, OfPrelu) {
  expect_map(part_of("[4, 3]", "then: [prelu]"), {none, 1, none, 1, none, 0, 1});
  expect_affine(part_of("[4, 3]", "then: [prelu]", 1), {none, 1, 1, 0, 1, 0});
}

// g(x) - alpha g(-x) at 0 is (1 - alpha) log(2)/beta.
TEST(AtMaximum, OfSmoothPrelu) {
  const char* const smooth = "then: [{smooth_prelu: {beta: 4}}]";
  const Ball c = Ball::log_two() / Ball(4);
  expect_map(part_of("[4, 3]", smooth), {none, 1, none, 1, 2, 0, 1});
  expect_affine(part_of("[4, 3]", smooth, 1), {none, 1, 1, c, 1, c});
}

// A constant input makes each mean and copy as large as it; of fixed numbers the largest one
// counts.
TEST(AtMaximum, OfLinearMaps) {
  const Map of_norm_one{none, 1, none, 1, 0, 0, 1};
  for (const char* const map :
       {"flatten", "{upsample: 3}", "{pad: {by: 2, mode: replicate}}",
        "{roll: {axis: length, by: 2}}", "{relative_positions: {window: 2, windows: 2}}",
        "{upsample: {size: 5, mode: bilinear}}",
        "{upsample: {factor: 2, mode: bilinear, align_corners: true}}", "{average_pool: 2}",
        "{average_pool: {kernel: 2, stride: 1, padding: 1, count_padding: false}}",
        "{average_pool: {kernel: 2, ceil: true}}", "{adaptive_average_pool: 2}",
        "global_average_pool"}) {
    SCOPED_TRACE(map);
    expect_map(part_of("[4, 3]", fmt::format("then: [{}]", map)), of_norm_one);
  }
  Map kinked = of_norm_one;
  kinked.smoothness = none;
  expect_map(part_of("[4, 3]", "then: [{max_pool: {kernel: 2, stride: 1}}]"), kinked);
  expect_map(part_of("[4, 3]", "then: [global_max_pool]"), kinked);
  expect_map(part_of("[2, 3]", "then: [{scale: [0.5, -3]}]"), {none, 1, none, 3, 0, 0, 3});
  expect_map(part_of("[2, 3]", "then: [{shift: [0.5, -3]}]"), {none, 1, none, 1, 0, 3, 1});
  expect_map(part_of("[2, 2]", "then: [{mask: {by: 3}}]"), {none, 1, none, 1, 0, 3, 1});
  expect_map(part_of("[2]", "constant: {shape: [2, 2], values: [0, 1, -3, 2]}"),
             {none, 1, 3, 0, 0, 3, 0});
  // (z - mean) / sqrt(variance + epsilon): slopes 1/2 and 1/4, at 0 -3/2 and 2.
  expect_map(part_of("[2, 3]",
                     "then: [{batch_norm: {per: channel, statistics: fixed, epsilon: 1, "
                     "mean: [3, -8], variance: [3, 15]}}]"),
             {none, 1, none, Ball(1) / Ball(2), 0, 2, Ball(1) / Ball(2)});
}

// Softmax of two entries, s(h_1 - h_2): along h = (1, -1)/sqrt 2 the slope is sqrt(2)/4, along
// (1, -1) 1/2, and s'' is at most 1/(6 sqrt 3): along these 2/(6 sqrt 3) and 4/(6 sqrt 3).
TEST(AtMaximum, OfSoftmax) {
  const Ball third = Ball(1) / (Ball(3) * root(3));
  expect_map(part_of("[2, 3]", "then: [softmax]"),
             {1, root(2), 1, root(2) / Ball(4), third, Ball(1) / Ball(2), root(2) / Ball(2)});
  expect_map(part_of("[2, 3]", "then: [{softmax: length}]"),
             {1, root(2), 1, root(2) / Ball(4), third, Ball(1) / Ball(3), root(2) / Ball(3)});
}

// (g - 1, -1, ..., -1) t has sqrt(g - 1) as its first entry for large t. At 0 that entry has the
// slope 2 (h_1 - mean h) along h, as epsilon = 1/4: 2 sqrt((g - 1)/g) for the unit vector of that
// direction.
TEST(AtMaximum, OfNormalizations) {
  const auto expect_group = [](const std::string& shape, const std::string& norm, std::int64_t g,
                               bool centred) {
    SCOPED_TRACE(norm);
    const Ball slope = (centred ? root(g - 1) / root(g) : Ball(1)) * Ball(2);
    const Ball curvature = Ball(48) / (Ball(25) * root(5)) / root(g) * Ball(4);
    expect_map(part_of(shape, fmt::format("then: [{}]", norm)),
               {1, root(g), centred ? root(g - 1) : root(g), slope, curvature, 0, slope});
  };
  expect_group("[4, 3]", "{layer_norm: {epsilon: 0.25}}", 12, true);
  expect_group("[4, 3]", "{layer_norm: {epsilon: 0.25, per: position}}", 4, true);
  expect_group("[4, 3]", "{rms_norm: {epsilon: 0.25}}", 12, false);
  expect_group("[4, 3]", "{rms_norm: {epsilon: 0.25, per: position}}", 4, false);
  expect_group("[4, 3]", "{group_norm: {groups: 2, epsilon: 0.25}}", 6, true);
  expect_group("[4, 3]", "{instance_norm: {epsilon: 0.25}}", 3, true);
  expect_group("[4, 3]", "{batch_norm: {epsilon: 0.25, per: element}}", 3, true);
  expect_group("[4, 3]", "{batch_norm: {epsilon: 0.25, per: channel}}", 9, true);
}

// An entry reads the channels of its position. For beta = 1, k = 4 and the factor 1 of squares it
// is x/(4 + x^2), at most 1/4 (at x = 2), and its slope at 0 is 1/4; l and L are the Euclidean
// ones.
TEST(AtMaximum, OfLocalResponseNorm) {
  const Part part =
      part_of("[5, 3]", "then: [{local_response_norm: {size: 3, alpha: 3, beta: 1, k: 4}}]");
  const auto& a = std::get<MapConstants>(part);
  expect_map(part, {1, root(5), Ball(1) / Ball(4), Ball::of(a.lipschitz.value),
                    Ball::of(a.smoothness.value), 0, Ball(1) / Ball(4)});
  // Below 1/2 a single entry grows without bound.
  const Part flat = part_of("[5, 3]", "then: [{local_response_norm: {size: 3, beta: 0.4}}]");
  EXPECT_TRUE(std::get<MapConstants>(flat).at_maximum->bound.is_infinite());
}

// Of an element-wise function what a single entry does, whatever the number of entries.
TEST(AtMaximum, OfActivations) {
  expect_map(part_of("[4, 3]", "then: [sigmoid]"),
             {none, 1, 1, Ball(1) / Ball(4), Ball(1) / (Ball(6) * root(3)), Ball(1) / Ball(2),
              Ball(1) / Ball(4)});
  expect_map(part_of("[4, 3]", "then: [sin]"), {none, 1, 1, 1, 1, 0, 1});
  expect_map(part_of("[4, 3]", "then: [relu6]"), {none, 1, 6, 1, none, 0, 1});
}

}  // namespace
}  // namespace smoothbound::of_components
