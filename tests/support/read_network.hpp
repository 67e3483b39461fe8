// From the text of an architecture file to what the engine takes.
#pragma once

#include <string>

#include "smoothbound/bounds/objective.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound::support {

struct Network {
  Graph graph;
  ResolvedSettings settings;

  [[nodiscard]] BoundTable bounds(Method method) const {
    return evaluate_bounds(graph, inputs_of(settings), method);
  }
};

/// `name` ends in .yaml or .json. Mistakes are thrown as they are shown to users.
inline Network read_network(const std::string& text, const std::string& name = "net.yaml") {
  const Source source{name, text};
  try {
    Spec spec = read_spec(source);
    ResolvedSettings settings = resolve(spec.settings);
    return {build_graph(std::move(spec), settings.batch), settings};
  } catch (const SpecError& error) {
    throw std::runtime_error(render_error(source, error));
  }
}

}  // namespace smoothbound::support
