// smoothbound check: bounds against a baseline, for a CI job.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/distinct_files.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/bounds/match_baseline.hpp"
#include "smoothbound/report/check/writers.hpp"
#include "smoothbound/text/digest.hpp"
#include "smoothbound/text/file_name.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct CheckOptions {
  std::vector<std::string> files;
  std::string baseline;
  std::string tolerance = "1e-9";
  std::string junit;
  OutputOptions output;
  bool update = false;
  bool force = false;
  bool exact = false;
  bool github = false;
  ModelOptions model;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

// A word as a shell takes it.
std::string shell_word(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-=+:,@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

class CheckCommand {
 public:
  CheckCommand(const CheckOptions& options, const CommandLine& line)
      : options_(options), line_(line) {}

  int run() {
    interpret();
    baseline_.name = options_.baseline;
    try {
      read_old();
    } catch (const SpecError& error) {
      std::cerr << render(baseline_, error);
      return bad_input;
    }
    result_.exact = options_.exact;
    result_.words = option_words;
    check();
    const bool unreadable = result_.count(Status::unreadable) > 0;
    if (!options_.update || old_) write_results();
    if (options_.update && unreadable) {
      std::cerr << "smoothbound: the baseline is not written, because of the errors\n";
      return bad_input;
    }
    if (options_.update) {
      write_new();
      return success;
    }
    if (unreadable) return bad_input;
    if (std::ranges::none_of(result_.architectures, &ArchitectureDiff::is_compared)) {
      std::cerr << render(baseline_, nothing_compared());
      return bad_input;
    }
    for (const SpecError& doubt : doubts_) std::cerr << render(baseline_, doubt);
    for (const ArchitectureDiff& diff : result_.architectures) {
      if (result_.fails(diff)) return regression;
    }
    return doubts_.empty() ? success : bad_input;
  }

 private:
  // From texts to values, and refusals that need no file.
  void interpret() {
    report_options_ = options_.model.interpret(line_);
    limits_ = options_.model.limits(line_);
    const text::ScalarText tolerance = line_.scalar("--tolerance", options_.tolerance);
    const Real value = text::parse_real(tolerance, text::RealRange::non_negative);
    tolerance_ = Decimal(value.upper.is_zero() ? "0" : tolerance.text);
    refuse_repeated_stdin(options_.files, line_);
    refuse_repeated_files(options_.files, line_);
    if (options_.baseline == "-") {
      throw SpecError(line_.locate_last({"--baseline"}), "the baseline is a file, not '-'",
                      "name a file: it is read, and --update writes it");
    }
    interpret_output();
    refuse_summary_over_inputs();
    if (options_.force && !options_.update) {
      throw SpecError(line_.locate("--force"), "--force belongs to --update",
                      "remove it, or add --update");
    }
    if (options_.update && !options_.force && !variable("CI").empty()) {
      throw SpecError(line_.locate("--update"),
                      "--update in a CI job (the variable CI is set) would accept any bound",
                      "update on your own machine and commit the baseline; --force does it here");
    }
  }

  // The job's summary is appended to, and is named by no option.
  void refuse_summary_over_inputs() const {
    const std::string summary = variable("GITHUB_STEP_SUMMARY");
    if (!options_.github || summary.empty()) return;
    std::vector<std::string> read = options_.files;
    read.push_back(options_.baseline);
    for (const std::string& file : read) {
      std::error_code ignored;
      if (!std::filesystem::equivalent(file, summary, ignored)) continue;
      throw SpecError(
          line_.locate_last({"--github"}),
          fmt::format("the job's summary would be appended to '{}', which is read", file),
          "GITHUB_STEP_SUMMARY is to name a file of its own");
    }
  }

  void interpret_output() {
    const std::string& path = options_.output.path;
    format_ = options_.output.choose_format(line_);
    if (options_.github && path.empty() && format_ != Format::table) {
      throw SpecError(line_.locate_last({"--github"}),
                      fmt::format("--github would mix annotations with the {} on standard output",
                                  format_->name),
                      "write the latter to a file: -o FILE");
    }
  }

  [[nodiscard]] std::string renewal() const {
    std::string command = "smoothbound";
    for (const std::string& argument : line_.arguments()) {
      if (argument != "--update") command.append(" ").append(shell_word(argument));
    }
    command += " --update";
    constexpr std::size_t longest = 900;  // messages are cut at 1000
    if (command.size() > longest) return "to accept the present bounds, add --update to this call";
    return "to accept the present bounds: " + command;
  }

  [[nodiscard]] bool is_baseline() const {
    return baseline_.text.find("\"smoothbound/baseline/") != std::string::npos;
  }

  void read_old() {
    if (!std::filesystem::exists(options_.baseline)) {
      if (options_.update) return;
      throw SpecError(whole_file, "there is no such baseline", renewal());
    }
    load_source(options_.baseline, limits_, baseline_);
    const NamedTexts present = texts_of(report_options_);
    if (!options_.update) {
      try {
        old_ = read_baseline(baseline_.text, renewal());
      } catch (SpecError& error) {  // nobody is to mend by hand what the program writes
        error.hint = is_baseline() ? renewal() : "name a file that check --update has written";
        throw;
      }
      refuse_other_options(baseline_.text, *old_, present, renewal());
      return;
    }
    if (!baseline_.text.empty() && !options_.force && !is_baseline()) {
      throw SpecError(whole_file, "this file is no baseline, and --update would overwrite it",
                      "name another file, or overwrite it with --force");
    }
    try {  // only to tell what changes
      old_ = read_baseline(baseline_.text, "");
      if (old_->options != present) old_.reset();
    } catch (const SpecError&) {
      old_.reset();
    }
  }

  // A file: its difference from the baseline, and what it takes to find that.
  struct Present {
    ArchitectureDiff diff;
    CheckedFile file;
    std::optional<BaselineEntry> entry;  // none: it cannot be read
    std::vector<Location> locations;     // of its layers
  };

  [[nodiscard]] std::string path_in_repository(const std::string& path) const {
    std::string shown = escape_controls(std::filesystem::path(path).lexically_normal().string());
    const std::string root = variable("GITHUB_WORKSPACE");
    if (!options_.github || root.empty()) return shown;
    const std::filesystem::path below = resolved(path).lexically_relative(resolved(root));
    return below.empty() || *below.begin() == ".." ? shown : escape_controls(below.string());
  }

  void name(ArchitectureDiff& diff, const std::string& path) const {
    diff.file = escape_controls(std::filesystem::path(path).lexically_normal().string());
    diff.repository_file = path_in_repository(path);
  }

  void read(const std::string& file, Present& present) {
    Source source;
    name(present.diff, file);
    present.file = {file, baseline_key(file, options_.baseline)};
    try {
      load_source(file, limits_, source);
      if (source.name != file) {  // standard input
        name(present.diff, source.name);
        present.file = {source.name, source.name};
      }
      const Meaning meaning = meaning_of(read_spec(source, limits_));
      const Report report = make_report(source, report_options_, limits_);
      present.entry = baseline_entry(report, meaning, present.file.key);
      for (const Layer& layer : report.graph.layers) present.locations.push_back(layer.location);
    } catch (const SpecError& error) {
      std::cerr << render(source, error);
      present.diff.status = Status::unreadable;
      if (error.location != whole_file) present.diff.location = error.location;
      present.diff.message = error.what();
    }
  }

  void compare(Present& present, const BaselineMatch& match) {
    ArchitectureDiff diff = std::move(present.diff);
    if (present.entry && match.entry != nullptr) {
      ArchitectureDiff compared = compare_entries(*match.entry, *present.entry, tolerance_,
                                                  present.locations, old_->version);
      compared.file = std::move(diff.file);
      compared.repository_file = std::move(diff.repository_file);
      if (match.renamed) compared.renamed_from = match.entry->file;
      diff = std::move(compared);
    } else if (present.entry) {
      diff.name = present.entry->name;
      diff.status = Status::added;
    }
    if (present.entry) new_.architectures.push_back(std::move(*present.entry));
    result_.architectures.push_back(std::move(diff));
  }

  void check() {
    std::vector<Present> present(options_.files.size());
    for (std::size_t i = 0; i < present.size(); ++i) read(options_.files[i], present[i]);
    std::vector<CheckedFile> files;
    for (Present& one : present) {
      if (one.entry) one.file.entry = &*one.entry;
      files.push_back(one.file);
    }
    const std::vector<BaselineMatch> matches =
        old_ ? match_baseline(*old_, files) : std::vector<BaselineMatch>(files.size());
    if (old_) look_for_doubts(files, matches);
    for (std::size_t i = 0; i < present.size(); ++i) compare(present[i], matches[i]);
    if (!old_) return;
    for (const BaselineEntry& entry : old_->architectures) {
      if (std::ranges::find(matches, &entry, &BaselineMatch::entry) == matches.end()) {
        add_removed(entry);
      }
    }
  }

  // A file that is new may be one that the baseline knows by a name under which it is gone: which
  // one, or whether, cannot be told, and so it is not compared. That must not pass.
  void look_for_doubts(const std::vector<CheckedFile>& files,
                       const std::vector<BaselineMatch>& matches) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (matches[i].entry != nullptr) continue;
      std::string origins;
      for (const BaselineEntry* entry : possible_origins(*old_, files[i], matches)) {
        const std::string place =
            old_->is_first ? entry->file : path_of_key(entry->file, options_.baseline);
        std::error_code ignored;
        if (std::filesystem::exists(place, ignored)) continue;
        origins += fmt::format("{}'{}'", origins.empty() ? "" : " or ", entry->file);
      }
      if (origins.empty()) continue;
      doubts_.emplace_back(whole_file,
                           fmt::format("'{}' may be what has become of {}: it is not compared",
                                       escape_controls(files[i].path), origins),
                           renewal());
    }
  }

  void add_removed(const BaselineEntry& entry) {
    ArchitectureDiff diff;
    name(diff, old_->is_first ? entry.file : path_of_key(entry.file, options_.baseline));
    diff.name = entry.name;
    diff.status = Status::removed;
    result_.architectures.push_back(std::move(diff));
  }

  // A guard that compares nothing would pass whatever the bounds are.
  [[nodiscard]] SpecError nothing_compared() const {
    std::string hint;
    if (!old_->architectures.empty()) {
      hint = fmt::format("it holds '{}'{}, by the path from its own folder; ",
                         old_->architectures.front().file,
                         old_->architectures.size() > 1
                             ? fmt::format(" and {} more", old_->architectures.size() - 1)
                             : "");
    }
    return {whole_file, "nothing was compared: none of the files is in the baseline",
            hint + renewal()};
  }

  void write_results() const {
    std::string text;
    write(result_, format_, [&](std::string_view piece) { text += piece; });
    Output output(options_.output.path);
    if (options_.github && options_.output.path.empty()) {
      // The text holds names that others chose, and must not be taken for commands. It cannot
      // contain its own digest.
      const std::string token = sha256(text);
      output.write(fmt::format("::stop-commands::{}\n{}::{}::\n", token, text, token));
    } else {
      output.write(text);
    }
    output.commit();
    if (options_.github) {
      Output annotations("");
      write_annotations(result_, [&](std::string_view piece) { annotations.write(piece); });
      annotations.commit();
      append_summary();
    }
    if (options_.junit.empty()) return;
    Output junit(options_.junit);
    write_junit(result_, [&](std::string_view piece) { junit.write(piece); });
    junit.commit();
  }

  void append_summary() const {
    const std::string path = variable("GITHUB_STEP_SUMMARY");
    if (path.empty()) return;
    std::FILE* file = std::fopen(path.c_str(), "ae");
    bool written = file != nullptr;
    if (written) {
      write(result_, Format::markdown, [&](std::string_view piece) {
        written = written && std::fwrite(piece.data(), 1, piece.size(), file) == piece.size();
      });
      written = std::fclose(file) == 0 && written;
    }
    if (!written) {
      throw OutputError(fmt::format("cannot write the job's summary '{}'", escape_controls(path)),
                        OutputError::Cause::path,
                        "GITHUB_STEP_SUMMARY is to name a file where you may write");
    }
  }

  void write_new() {
    new_.version = version;
    new_.options = texts_of(report_options_);
    Output output(options_.baseline);
    write_baseline(new_, [&](std::string_view piece) { output.write(piece); });
    output.commit();
    std::cerr << fmt::format("{} architecture{} written to {}\n", new_.architectures.size(),
                             new_.architectures.size() == 1 ? "" : "s",
                             escape_controls(options_.baseline));
  }

  const CheckOptions& options_;
  const CommandLine& line_;
  ReportOptions report_options_;
  Limits limits_;
  Format format_ = Format::table;
  Decimal tolerance_{"0"};
  Source baseline_;
  std::optional<Baseline> old_;
  Baseline new_;
  CheckResult result_;
  std::vector<SpecError> doubts_;  // files that may have been renamed
};

}  // namespace

void declare_check(Command& command) {
  auto options = std::make_shared<CheckOptions>();
  command.option("files", options->files, "architecture files; - reads standard input", "FILE")
      .required();
  command.group(OptionGroup::baseline);
  command
      .option("--baseline", options->baseline, "the accepted bounds, written by --update", "FILE")
      .written()
      .required();
  command.flag("--update", options->update,
               "write the present bounds of the files, and of no others, to the baseline");
  command.flag("--force", options->force,
               "with --update: also in a CI job, and over what is no baseline");
  command.option("--tolerance", options->tolerance,
                 "a bound that grows by more than this part is worse (1e-9)", "NUMBER");
  command.flag("--exact", options->exact,
               "fail on every change: better bounds, new and removed layers and files");
  command.group(OptionGroup::output);
  command.option("--junit", options->junit, "also write JUnit XML to FILE", "FILE").written();
  command.flag("--github", options->github,
               "also print GitHub annotations, and add to the job's summary");
  options->output.add_to(command);
  options->model.add_to(command);
  command.footer(
      "Exit codes: 0 nothing got worse, 1 something did, 2 a file or the baseline has a mistake, "
      "or the baseline\nis of other formulas or settings or has none of the files, or a new file "
      "may "
      "be one of several\nthat are gone. New and removed files fail only with --exact; renamed "
      "ones "
      "are compared.\n"
      "Examples:\n"
      "  smoothbound check nets/*.yaml --baseline bounds.json --update\n"
      "  smoothbound check nets/*.yaml --baseline bounds.json --junit check.xml\n"
      "  smoothbound check nets/*.yaml --baseline bounds.json --tolerance 1e-3 --github");
  command.action([options](const CommandLine& line) { return CheckCommand(*options, line).run(); });
}

}  // namespace smoothbound::cli
