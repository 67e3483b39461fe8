// Uses the installed runtime: prints the norm of the output of the architecture file that it is
// given at a fixed input and parameters drawn from their balls.
#include <cstdio>
#include <vector>

#include "smoothbound/bounds/objective.hpp"
#include "smoothbound/runtime/initialize.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/oracle.hpp"
#include "smoothbound/spec/read_spec.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  smoothbound::Source source;
  smoothbound::load_source(argv[1], {}, source);
  smoothbound::Spec spec = smoothbound::read_spec(source);
  const smoothbound::ResolvedSettings settings = smoothbound::resolve(spec.settings);
  const smoothbound::Graph graph = smoothbound::build_graph(std::move(spec), settings.batch);
  smoothbound::Network<double> network(graph, 1);
  smoothbound::initialize(network, smoothbound::Scheme::ball, 1, settings.radius);
  const std::vector<double> x(static_cast<std::size_t>(network.input_elements()), 0.5);
  const auto trajectory = smoothbound::forward<double>(network, x);
  const double norm = smoothbound::euclidean_norm(trajectory.output());
  std::printf("%s: ||psi(w)(x)|| = %.4g\n", graph.name.c_str(), norm);
  return norm > 0 ? 0 : 1;
}
