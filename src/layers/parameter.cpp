#include "smoothbound/layers/parameter.hpp"

namespace smoothbound {

void Parameter::visit_settings(SettingsVisitor& visitor) {
  visitor.sizes({.name = "shape",
                 .description = "its sizes, such as [768, 197]",
                 .required = true,
                 .shorthand = true},
                shape);
}

Work Parameter::work(const Site& site) const {
  Work work;
  work.sparsity.linear_parameters = output_scalars(site);
  return work;
}

// Over the batch it is a vector repeated: sqrt(batch) times the norm, and the same largest entry.
Parts Parameter::parts(const Site& site, Method /*method*/) const {
  AffineConstants b;
  b.bilinear.source = "it reads nothing";
  b.linear_parameters = {square_root(Magnitude::from_count(site.batch)), "sqrt(batch)",
                         "it stands once for each sample"};
  b.at_maximum = AffineAtLevel{reading_of(euclidean), {}, Magnitude::from_count(1), {}, {}};
  return Part(b);
}

}  // namespace smoothbound
