// smoothbound layers: the catalogue.

#include <array>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/layers/layer.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 2> format_names{"table", "json"};

struct LayersOptions {
  std::vector<std::string> names;
  std::string format = "table";
};

int run(const LayersOptions& options, const CommandLine& line) {
  const bool json = format_names[choose(line, "--format", options.format, format_names)] == "json";
  Output output("");
  const Sink sink = [&](std::string_view text) { output.write(text); };
  const std::string unknown = json ? write_catalogue_json(options.names, sink, option_words)
                                   : write_catalogue(options.names, sink, option_words);
  if (!unknown.empty()) {
    std::vector<std::string_view> known;
    for (const Component& component : prototypes()) known.push_back(name_of(component));
    for (const LossRow& loss : loss_table()) known.push_back(loss.name);
    throw SpecError(line.locate(unknown), "there is no component or loss '" + unknown + "'",
                    suggest(unknown, known, "one of: " + join(known)));
  }
  output.commit();
  return success;
}

}  // namespace

void declare_layers(Command& command) {
  auto options = std::make_shared<LayersOptions>();
  command.option("names", options->names, "only these", "COMPONENT");
  command.choice("--format", options->format, "form of the output (table)", format_names);
  command.footer(
      "Examples:\n"
      "  smoothbound layers\n"
      "  smoothbound layers softplus batch_norm");
  command.action([options](const CommandLine& line) { return run(*options, line); });
}

}  // namespace smoothbound::cli
