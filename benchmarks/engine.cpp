#include "engine.hpp"

#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "measure.hpp"
#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/bounds/objective.hpp"
#include "smoothbound/spec/read_spec.hpp"

std::vector<EngineRow> measure_engine(const std::string& file, int repeats) {
  std::ifstream stream(file);
  const smoothbound::Source source{
      file, std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>())};
  smoothbound::Spec spec = smoothbound::read_spec(source);
  const smoothbound::ResolvedSettings settings = smoothbound::resolve(spec.settings);
  const smoothbound::Graph graph = smoothbound::build_graph(std::move(spec), settings.batch);

  smoothbound::Inputs none = smoothbound::inputs_of(settings);
  for (const smoothbound::RefinementRow& row : smoothbound::refinements) {
    none.refinements.*row.flag = false;
  }
  std::vector<smoothbound::Inputs> inputs{none};
  std::vector<EngineRow> rows{{"none", std::numeric_limits<double>::infinity()}};
  for (const smoothbound::RefinementRow& row : smoothbound::refinements) {
    inputs.push_back(inputs.back());
    inputs.back().refinements.*row.flag = true;
    rows.push_back({row.name, std::numeric_limits<double>::infinity()});
  }
  for (int i = 0; i < repeats; ++i) {
    for (std::size_t k = 0; k < rows.size(); ++k) {
      lower_to_time_of(rows[k].milliseconds, [&] {
        const auto table =
            smoothbound::evaluate_bounds(graph, inputs[k], smoothbound::Method::sharp);
        const auto objective =
            smoothbound::bound_objective(graph, settings, table, inputs[k].refinements);
        if (objective.smoothness.is_zero()) throw std::logic_error("the objective is constant");
      });
    }
  }
  constexpr double nanoseconds = 1e6;
  for (EngineRow& row : rows) row.milliseconds /= nanoseconds;
  return rows;
}
