#include "smoothbound/layers/embedding.hpp"

#include <fmt/format.h>

namespace smoothbound {

void Embedding::visit_settings(SettingsVisitor& visitor) {
  visitor.count({.name = "entries", .description = "number of different ids", .required = true},
                entries);
  visitor.count({.name = "features", .description = "numbers for each token", .required = true},
                features);
}

Shape Embedding::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  if (input.rank() != 1) {
    throw ShapeError(fmt::format("embedding takes ids [tokens] but gets input {}", input.to_text()),
                     "write input: {shape: [tokens]}, with the number of tokens of a sample");
  }
  if (entries > most_entries) {
    throw ShapeError(
        fmt::format("embedding has {} entries, and {} are possible", entries, most_entries),
        "ids are kept as float32, which holds every whole number up to there");
  }
  return Shape{features, input.channels()};
}

std::optional<OwnBlock> Embedding::block(const Site& /*site*/) const {
  OwnBlock own{checked_product(entries, features, "the number of parameters"), {}};
  own.matrix = {entries, features};
  return own;
}

Work Embedding::work(const Site& site) const {
  Work work;
  work.sparsity.linear_parameters = output_scalars(site);
  return work;
}

// A row of the table stands at most once for each token of the batch; where all ids are equal, one
// does.
Parts Embedding::parts(const Site& site, Method /*method*/) const {
  AffineConstants b;
  b.bilinear.source = "ids name rows, and are not multiplied";
  b.linear_parameters = {square_root(Magnitude::from_count(site.batch) *
                                     Magnitude::from_count(site.input().channels())),
                         "sqrt(tokens batch)",
                         "a row stands at most once for each token and sample"};
  const Magnitude one = Magnitude::from_count(1);
  b.of_sample = AffineOfSample{roots_of_positions(site.output), {}, one};
  b.of_sample->is_same_for_all = false;
  b.at_maximum = AffineAtLevel{reading_of(maximum), {}, one, {}, {}};
  return Part(b);
}

}  // namespace smoothbound
