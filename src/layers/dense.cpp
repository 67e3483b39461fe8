#include "smoothbound/layers/dense.hpp"

#include <fmt/format.h>

#include "smoothbound/layers/window.hpp"

namespace smoothbound {

void Dense::visit_settings(SettingsVisitor& visitor) {
  visitor.count(
      {.name = "units", .description = "number of outputs", .required = true, .shorthand = true},
      units);
  visitor.count({.name = "inputs", .description = "declared number of inputs, checked"}, inputs);
  visitor.choice(
      {.name = "per",
       .description = "what one vector is: all of a sample, or the channels of a position",
       .usual = true,
       .later = true},
      scopes, per);
}

Shape Dense::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  if (inputs && *inputs != fan_in(input)) {
    throw ShapeError(fmt::format("dense declares {} inputs but gets {} ({})", *inputs,
                                 fan_in(input), input.to_text()),
                     fmt::format("write inputs: {}, or leave it out", fan_in(input)));
  }
  return is_per_position() ? Window{}.output_shape(input, units) : Shape{units};
}

std::optional<OwnBlock> Dense::block(const Site& site) const {
  const char* const what = "the number of parameters";
  const std::int64_t weights = checked_product(fan_in(site.input()), units, what);
  OwnBlock own{checked_sum(weights, bias ? units : 0, what), {}, {units, bias ? 1 : 0}};
  if (!bias) own.matrix = {units, fan_in(site.input())};
  return own;
}

Work Dense::work(const Site& site) const {
  return patch_work({.filters = units,
                     .positions = site.output.positions(),
                     .fan_in = fan_in(site.input()),
                     .bias = bias},
                    site.batch);
}

Parts Dense::parts(const Site& site, Method /*method*/) const {
  const Magnitude one = Magnitude::from_count(1);
  AffineConstants b;
  b.bilinear = {one, "1", "||W^T Z|| <= ||W|| ||Z||, appendix B.3"};
  if (is_per_position()) {
    b.bilinear.source = "||W^T Z|| <= ||W|| ||Z||, Z with all positions as its columns";
  }
  if (bias && is_per_position()) {
    b.linear_parameters = {square_root(Magnitude::from_count(site.output.positions()) *
                                       Magnitude::from_count(site.batch)),
                           "sqrt(positions batch)",
                           "the bias stands once for each position and sample"};
  } else if (bias) {
    b.linear_parameters = {square_root(Magnitude::from_count(site.batch)), "sqrt(batch)",
                           "the bias stands once for each sample, appendix B.3"};
  } else {
    b.linear_parameters.source = "no bias";
  }
  // An output is |w_j^T z + w0_j| <= ||(w_j, w0_j)|| sqrt(||z||^2 + 1), z one sample or
  // position.
  Reading reads = reading_of(is_per_position() ? per_token : per_sample);
  reads[maximum] = square_root(
      Magnitude::from_count(is_per_position() ? site.input().channels() : site.input().elements()));
  // A whole sample becomes one position: its levels know what those of samples do.
  b.of_sample = AffineOfSample{bias ? roots_of_positions(site.output) : Repeated{}};
  if (is_per_position()) {
    b.of_sample->taps = one;
    b.of_sample->positions.kind = PositionReads::Kind::same;
  }
  b.at_maximum = AffineAtLevel{reads, one, bias ? one : Magnitude(), {}, {}};
  if (is_row_per_channel(site.output)) b.at_rows = b.at_maximum;
  return Part(b);
}

}  // namespace smoothbound
