// smoothbound layers: the catalogue.

#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/layers/composite.hpp"
#include "smoothbound/losses/loss.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

struct LayersOptions {
  Catalogue catalogue;
  OutputOptions output;
};

int run(const LayersOptions& options, const CommandLine& line) {
  const Format format = options.output.choose_format(line);
  if (const std::string unknown = find_unknown(options.catalogue); !unknown.empty()) {
    std::vector<std::string_view> known = catalogue_names();
    for (const LossRow& loss : loss_table()) known.push_back(loss.name);
    throw SpecError(line.locate(unknown), "there is no component or loss '" + unknown + "'",
                    suggest(unknown, known, "one of: " + join(known)));
  }
  Output output(options.output.path);
  write(options.catalogue, format, [&](std::string_view text) { output.write(text); });
  output.commit();
  return success;
}

}  // namespace

void declare_layers(Command& command) {
  auto options = std::make_shared<LayersOptions>();
  options->catalogue.words = option_words;
  command.option("names", options->catalogue.names, "only these", "COMPONENT");
  options->output.add_to(command);
  command.footer(
      "Examples:\n"
      "  smoothbound layers\n"
      "  smoothbound layers softplus batch_norm");
  command.action([options](const CommandLine& line) { return run(*options, line); });
}

}  // namespace smoothbound::cli
