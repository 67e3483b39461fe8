// Uses the installed library: prints the sharp bounds of the architecture file that it is given.
#include <cstdio>

#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/bounds/objective.hpp"
#include "smoothbound/spec/read_spec.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  smoothbound::Source source;
  try {
    smoothbound::load_source(argv[1], {}, source);
    smoothbound::Spec spec = smoothbound::read_spec(source);
    const smoothbound::ResolvedSettings settings = smoothbound::resolve(spec.settings);
    const smoothbound::Graph graph = smoothbound::build_graph(std::move(spec), settings.batch);
    const smoothbound::BoundTable table = smoothbound::evaluate_bounds(
        graph, smoothbound::inputs_of(settings), smoothbound::Method::sharp);
    const smoothbound::Triple& network = table.network();
    std::printf("%s: m <= %s, l <= %s, L <= %s\n", graph.name.c_str(), network.m.to_text(4).c_str(),
                network.lipschitz.to_text(4).c_str(), network.smoothness.to_text(4).c_str());
  } catch (const smoothbound::SpecError& error) {
    std::fputs(smoothbound::render_error(source, error).c_str(), stderr);
    return 1;
  }
}
