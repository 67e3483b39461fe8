// smoothbound import: a model of another program as an architecture file and a file of weights.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/model_weights.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/models/model.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 2> batch_norm_names{"fixed", "batch"};

struct ImportCommandOptions {
  std::vector<std::string> files;
  std::string output;
  std::string weights;
  std::string batch_norms = "fixed";
  bool lists = false;
  bool has_no_batch = false;
  std::string max_size;
};

int list() {
  std::string text;
  const std::span<const models::ModelFormat> formats = models::model_formats();
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const models::ModelFormat& format = formats[i];
    std::string endings(format.endings);
    for (; i + 1 < formats.size() && formats[i + 1].name == format.name; ++i) {
      endings += fmt::format(", {}", formats[i + 1].endings);
    }
    const std::vector<models::ModelFormat::Understood> rows = format.understood();
    std::size_t width = 0;
    for (const auto& row : rows) width = std::max(width, row.name.size());
    text += fmt::format("{}{} ({})\n", text.empty() ? "" : "\n", format.name, endings);
    for (const auto& row : rows) {
      text += fmt::format("  {:{}}  {}\n", row.name, width, row.becomes);
    }
  }
  Output output("");
  output.write(text);
  output.commit();
  return success;
}

models::ImportOptions import_options(const ImportCommandOptions& options, const CommandLine& line) {
  models::ImportOptions result;
  const std::size_t kind = choose(line, "--batch-norms", options.batch_norms, batch_norm_names);
  result.batch_norms = static_cast<models::ImportOptions::BatchNorms>(kind);
  result.statistics_in_text = options.weights.empty();
  result.first_axis_is_batch = !options.has_no_batch;
  if (options.files.size() > 1) result.numbers_file = options.files[1];
  return result;
}

// What the files that are named do not go with: mistakes of the command line.
void require_numbers_as_asked(const ImportCommandOptions& options, const CommandLine& line,
                              const Source& source) {
  const auto formats = models::model_formats();
  const auto format =
      std::ranges::find(formats, std::string_view(source.model_format), &models::ModelFormat::name);
  const std::string_view ending = format == formats.end() ? "" : format->numbers_ending;
  if (options.files.size() > 1 && ending.empty()) {
    throw SpecError(
        line.locate_last({"import"}),
        fmt::format("a model of {} has no second file of numbers", source.model_format),
        "import one model at a time; a file *.weights goes with a configuration of Darknet");
  }
  if (options.weights.empty() || source.has_numbers) return;
  throw SpecError(line.locate_last({"--weights"}),
                  fmt::format("this {} model has no numbers", source.model_format),
                  ending.empty() ? "leave --weights out: of this format the architecture is read"
                                 : fmt::format("name its file {} behind the model", ending));
}

int run(const ImportCommandOptions& options, const CommandLine& line) {
  if (options.lists) return list();
  if (options.files.empty()) {
    throw SpecError(line.locate("import"), "a model is missing",
                    "name one, or ask for the list of what is understood, with --list");
  }
  if (options.files.size() > 2) {
    throw SpecError(line.locate(options.files[2]), "one model is imported at a time",
                    "a second file holds the numbers of a model of Darknet");
  }
  refuse_other_formats(line, {"-o", "--output"}, options.output, {".yaml", ".yml"},
                       "architecture file", "name a file *.yaml");
  refuse_other_formats(line, {"--weights"}, options.weights, {".safetensors"}, "file of parameters",
                       "name a file *.safetensors");
  const std::string& file = options.files.front();
  if (!options.weights.empty()) {
    require_model_weights(line);
    if (options.weights == "-") {
      throw SpecError(line.locate_last({"--weights"}),
                      "parameters are not text: --weights needs a file",
                      "name a file *.safetensors");
    }
    if (file == "-") {  // which cannot be read again
      throw SpecError(line.locate_last({"--weights"}),
                      "the numbers of a model from standard input are not written",
                      "name the file of the model in place of '-'");
    }
  }
  Limits limits;
  if (!options.max_size.empty())
    limits.bytes = parse_size(line.scalar("--max-size", options.max_size));
  const models::ImportOptions asked = import_options(options, line);
  Source source;
  try {
    load_source(file, limits, source, asked);
    if (source.model_format.empty()) {
      throw SpecError(whole_file, "this is no model of another program",
                      "'smoothbound import --list' names the formats; architecture files need no "
                      "import");
    }
  } catch (const SpecError& error) {
    std::cerr << render(source, error);
    return bad_input;
  }
  require_numbers_as_asked(options, line, source);
  Output output(options.output == "-"
                    ? ""
                    : options.output);  // before the weights: neither file without the other
  if (!options.weights.empty()) write_model_weights(file, asked, options.weights);
  output.write(source.text);
  output.commit();
  for (const std::string& note : source.notes) {
    std::cerr << fmt::format("note: {}\n", escape_controls(note));
  }
  return success;
}

}  // namespace

void declare_import(Command& command) {
  auto options = std::make_shared<ImportCommandOptions>();
  std::vector<std::string_view> formats;
  for (const models::ModelFormat& format : models::model_formats()) {
    if (formats.empty() || formats.back() != format.name) formats.push_back(format.name);
  }
  command.option("file", options->files,
                 fmt::format("a model ({}), and of Darknet perhaps its file of numbers (.weights)",
                             join_or(formats)),
                 "FILE");
  command.flag("--list", options->lists, "what is understood, by format and operator");
  command.flag("--no-batch", options->has_no_batch,
               "of ONNX: the first axis of the input is not that of the samples");
  command.group(OptionGroup::parameters);
  command.choice("--batch-norms", options->batch_norms,
                 "with the running statistics of the model, as it is deployed, or with those of "
                 "each batch, as in training (fixed)",
                 batch_norm_names);
  command.group(OptionGroup::output);
  command
      .option("-o,--output", options->output,
              "the architecture file, YAML, whole or not at all (standard output)", "FILE")
      .written();
  command
      .option("--weights", options->weights,
              "also write parameters and statistics there, as safetensors; the architecture "
              "file then has no statistics of its own",
              "FILE")
      .written();
  command.group(OptionGroup::machine);
  command.option("--max-size", options->max_size, "largest file of text (64MiB)", "SIZE");
  command.footer(
      "Every other command takes a model where it takes an architecture file: an import is for a\n"
      "file to read, to change and to keep.\n"
      "Examples:\n"
      "  smoothbound import model.onnx -o net.yaml --weights w.safetensors\n"
      "  smoothbound import resnet18.onnx --batch-norms batch -o resnet18.yaml\n"
      "  smoothbound import yolov2.cfg yolov2.weights -o net.yaml --weights w.safetensors\n"
      "  smoothbound import --list");
  command.action([options](const CommandLine& line) { return run(*options, line); });
}

}  // namespace smoothbound::cli
