#include "chain.hpp"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "measure.hpp"
#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/bounds/objective.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace {

using smoothbound::Source;

Source make_chain(Format format, std::int64_t layers) {
  const bool json = format == Format::json;
  fmt::memory_buffer text;
  const auto out = fmt::appender(text);
  fmt::format_to(
      out, "{}",
      json ? R"({"input": {"shape": [64]}, "layers": [)" : "input: {shape: [64]}\nlayers:\n");
  for (std::int64_t l = 1; l <= layers; ++l) {
    if (json) {
      fmt::format_to(out, R"({{"name": "l{}", "dense": 64, "then": ["softplus"]}}{})", l,
                     l == layers ? "]}\n" : ",\n");
    } else {
      fmt::format_to(out, "  - {{name: l{}, dense: 64, then: [softplus]}}\n", l);
    }
  }
  return {json ? "chain.json" : "chain.yaml", fmt::to_string(text)};
}

void parse_only(const Source& source) {
  smoothbound::text::Document document;
  smoothbound::text::parse(source, document);
}

void read_only(const Source& source) { smoothbound::read_spec(source); }

void bound_only(const Source& source) {
  smoothbound::Spec spec = smoothbound::read_spec(source);
  const smoothbound::ResolvedSettings settings = smoothbound::resolve(spec.settings);
  const smoothbound::Graph graph = smoothbound::build_graph(std::move(spec), settings.batch);
  const auto table = smoothbound::evaluate_bounds(graph, smoothbound::inputs_of(settings),
                                                  smoothbound::Method::sharp);
  if (table.network().lipschitz.is_zero()) throw std::logic_error("the chain is constant");
}

void run_whole(const Source& source) {
  const smoothbound::Report report = smoothbound::make_report(source, {}, {});
  std::size_t written = 0;
  smoothbound::write(report, smoothbound::Format::table,
                     [&](std::string_view piece) { written += piece.size(); });
  if (written == 0) throw std::logic_error("the table is empty");
}

}  // namespace

ChainCost measure_chain(Format format, std::int64_t layers, int repeats) {
  auto cost = in_child<ChainCost>([&] {
    const Source source = make_chain(format, layers);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    ChainCost best{static_cast<double>(source.text.size()), infinity, infinity, infinity, infinity};
    // In turns, so that a busy moment of the machine touches all of them alike.
    for (int i = 0; i < repeats; ++i) {
      lower_to_time_of(best.parse, [&] { parse_only(source); });
      lower_to_time_of(best.read, [&] { read_only(source); });
      lower_to_time_of(best.bounds, [&] { bound_only(source); });
      lower_to_time_of(best.whole, [&] { run_whole(source); });
    }
    return best;
  });
  cost.memory = in_child<double>([&] {
    const Source source = make_chain(format, layers);
    return peak_bytes([&] { run_whole(source); });
  });
  for (double* entry :
       {&cost.text_bytes, &cost.parse, &cost.read, &cost.bounds, &cost.whole, &cost.memory}) {
    *entry /= static_cast<double>(layers);
  }
  return cost;
}
