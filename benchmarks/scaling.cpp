// How the cost grows with the network, and what a run costs as a whole.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "chain.hpp"
#include "engine.hpp"
#include "graphs.hpp"
#include "process.hpp"
#include "smoothbound/text/json_writer.hpp"

namespace {

struct ChainRow {
  Format format;
  std::int64_t layers;
  ChainCost cost;
};

std::string_view name_of(Format format) { return format == Format::json ? "json" : "yaml"; }

void print_table(const std::vector<ChainRow>& rows, const std::vector<GraphRow>& graphs,
                 const ProcessCost& process, const std::vector<EngineRow>& engine) {
  fmt::print("Chains of dense layers, per layer: nanoseconds (best of several) and bytes\n\n");
  fmt::print("{:<6} {:>8} {:>6} {:>8} {:>8} {:>8} {:>8} {:>12} {:>12}\n", "format", "layers",
             "text", "parse", "read", "bounds", "whole", "whole/parse", "peak memory");
  for (const auto& [format, layers, cost] : rows) {
    fmt::print("{:<6} {:>8} {:>6.1f} {:>8.0f} {:>8.0f} {:>8.0f} {:>8.0f} {:>12.2f} {:>12.0f}\n",
               name_of(format), layers, cost.text_bytes, cost.parse, cost.read, cost.bounds,
               cost.whole, cost.whole / cost.parse, cost.memory);
  }
  fmt::print(
      "\nparse: text to document; read: to the specification; bounds: to the sharp bounds; whole: "
      "to the table\n\nVGG-16, both methods, as a process: {:.2f} ms (median); a process that does "
      "nothing: {:.2f} ms\n",
      process.program, process.start);
  fmt::print("\nThe engine alone on VGG-16, one refinement more in each row\n\n");
  fmt::print("{:<10} {:>8} {:>10}\n", "with", "ms", "times");
  for (const EngineRow& row : engine) {
    fmt::print("{:<10} {:>8.2f} {:>10.1f}\n", row.last, row.milliseconds,
               row.milliseconds / engine.front().milliseconds);
  }
  fmt::print("\nOther forms, as a whole: twice the text, and what is linear doubles\n\n");
  fmt::print("{:<30} {:>8} {:>9} {:>9} {:>9}\n", "form", "size", "text kB", "ms", "MB");
  for (const GraphRow& row : graphs) {
    fmt::print("{:<30} {:>8} {:>9.0f} {:>9.1f} {:>9.1f}\n", row.form, row.size,
               row.cost.text_bytes / 1e3, row.cost.seconds * 1e3, row.cost.bytes / 1e6);
  }
}

void print_json(const std::vector<ChainRow>& rows, const std::vector<GraphRow>& graphs,
                const ProcessCost& process, const std::vector<EngineRow>& engine) {
  const smoothbound::Sink print = [](std::string_view piece) { fmt::print("{}", piece); };
  smoothbound::JsonWriter json(print);
  json.document([&] {
    json.list_on_lines(2, "chains", rows, [&](const ChainRow& row) {
      const ChainCost& cost = row.cost;
      json.object({{"format", name_of(row.format)},
                   {"layers", row.layers},
                   {"text_bytes_per_layer", cost.text_bytes},
                   {"parse_ns_per_layer", cost.parse},
                   {"read_ns_per_layer", cost.read},
                   {"bounds_ns_per_layer", cost.bounds},
                   {"whole_ns_per_layer", cost.whole},
                   {"whole_per_parse", cost.whole / cost.parse},
                   {"peak_bytes_per_layer", cost.memory}});
    });
    json.list_on_lines(2, "graphs", graphs, [&](const GraphRow& row) {
      json.object({{"form", row.form},
                   {"size", row.size},
                   {"text_bytes", row.cost.text_bytes},
                   {"seconds", row.cost.seconds},
                   {"peak_bytes", row.cost.bytes}});
    });
    json.object("vgg16_process",
                {{"program_ms", process.program}, {"idle_process_ms", process.start}});
    json.list_on_lines(2, "vgg16_engine", engine, [&](const EngineRow& row) {
      json.object({{"with", row.last}, {"ms", row.milliseconds}});
    });
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures how the cost grows with the network, and what a run costs as a whole.");
  bool json = false;
  bool quick = false;
  app.add_flag("--json", json, "print JSON instead of a table");
  app.add_flag("--quick", quick, "small networks and few repetitions: only to see that it works");
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<ChainRow> rows;
    const std::int64_t largest = quick ? 10'000 : 1'000'000;
    for (const Format format : {Format::json, Format::yaml}) {
      for (std::int64_t layers = 1000; layers <= largest; layers *= 10) {
        const int repeats = quick || layers == largest ? 3 : 10;
        rows.push_back({format, layers, measure_chain(format, layers, repeats)});
      }
    }
    const std::string vgg16 = SMOOTHBOUND_SOURCE_DIR "/architectures/vgg16.yaml";
    const ProcessCost process =
        measure_process({SMOOTHBOUND_PROGRAM, "bound", "--method", "both", vgg16}, quick ? 5 : 50);
    const std::vector<EngineRow> engine = measure_engine(vgg16, quick ? 3 : 50);
    const std::vector<GraphRow> graphs = measure_graphs(quick);
    json ? print_json(rows, graphs, process, engine) : print_table(rows, graphs, process, engine);
  } catch (const std::exception& error) {
    fmt::print(stderr, "scaling: {}\n", error.what());
    return 1;
  }
}
