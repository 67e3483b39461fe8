#include "smoothbound/layers/opaque.hpp"

namespace smoothbound {

void Opaque::visit_settings(SettingsVisitor& visitor) {
  visitor.real(
      {.name = "lipschitz", .description = "Lipschitz constant in (v; z)", .required = true},
      text::RealRange::non_negative, lipschitz);
  visitor.real(
      {.name = "smoothness", .description = "smoothness constant in (v; z)", .required = true},
      text::RealRange::non_negative, smoothness);
  visitor.real({.name = "bound", .description = "bound on the norm of the output; default: none"},
               text::RealRange::non_negative, bound);
  visitor.real(
      {.name = "at_zero", .description = "norm of the output at v = 0, z = 0; default: unknown"},
      text::RealRange::non_negative, at_zero);
  visitor.sizes({.name = "output", .description = "output shape; default: that of the input"},
                output);
  visitor.count({.name = "parameters", .description = "number of parameters", .smallest = 0},
                parameters);
}

Shape Opaque::output_shape(std::span<const Shape> shapes) const {
  return output.empty() ? shapes.front() : Shape(output);
}

Work Opaque::work(const Site& /*site*/) const {
  Work work;
  work.unknown = "opaque states constants of a layer, not what it computes";
  return work;
}

Parts Opaque::parts(const Site& /*site*/, Method /*method*/) const {
  // Prop 4.3 is Prop 4.4 for b(v, z) = (v; z) and a = phi.
  AffineConstants pair;
  pair.bilinear.source = "b(v, z) = (v; z)";
  pair.linear_parameters = {Magnitude::from_count(1), "1", "b(v, z) = (v; z)"};
  pair.linear_input = {Magnitude::from_count(1), "1", "b(v, z) = (v; z)"};
  MapConstants phi;
  phi.lipschitz = {lipschitz.upper, "given", "the file, Prop 4.3"};
  phi.smoothness = {smoothness.upper, "given", "the file, Prop 4.3"};
  phi.slope_at_zero = {lipschitz.upper, "l_a", "not known better"};
  phi.at_zero = at_zero ? Constant{at_zero->upper, "given", "the file"}
                        : Constant{Magnitude::infinity(), "inf",
                                   "opaque gives neither 'bound' nor 'at_zero'"};
  if (bound) phi.bound = {bound->upper, "given", "the file"};
  return {Part(pair), Part(phi)};
}

}  // namespace smoothbound
