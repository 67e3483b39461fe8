#include "parser.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>

#include "config.hpp"
#include "help.hpp"
#include "parse_failure.hpp"
#include "smoothbound/text/regular_file.hpp"
#include "smoothbound/version.hpp"
#include "terminal.hpp"

namespace smoothbound::cli {
namespace {

// The command that is called, as far as parsing has come; null: none.
const Command* called(const CLI::App& app, const Program& program) {
  const std::vector<CLI::App*> given = app.get_subcommands();
  return given.empty() ? nullptr : program.find(given.back()->get_name());
}

// By CLI11's rules for quotes, comments and lists.
std::vector<std::string> values_of(const std::string& statement) {
  std::istringstream line{statement};
  const std::vector<CLI::ConfigItem> items = CLI::ConfigBase().from_config(line);
  return items.size() == 1 ? items.front().inputs : std::vector<std::string>();
}

class Config : public CLI::ConfigBase {
 public:
  Config(const CLI::App& app, const Program& program, CommandLine& line)
      : app_(app), program_(program), line_(line) {}

  // What the file says for the command that runs.
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    const Command* command = called(app_, program_);
    const auto file = app_.get_config_ptr()->as<std::string>();
    std::vector<CLI::ConfigItem> given;
    for (const ConfigValue& value :
         read_config(file, input, {program_, command, values_of}, line_)) {
      given.push_back({{command->name()}, value.key, {value.value}});
    }
    return given;
  }

 private:
  const CLI::App& app_;
  const Program& program_;
  CommandLine& line_;
};

std::string version_text() { return "smoothbound " + std::string(version); }

// Declares an option, by the type of its target.
struct Declaration {
  CLI::App& app;
  const Option& option;

  void operator()(std::monostate /*none*/) const {}
  void operator()(bool* target) const { app.add_flag(option.name, *target, option.help); }
  template <class Target>
  void operator()(Target* target) const {
    CLI::Option* made = app.add_option(option.name, *target, option.help)->type_name(option.type);
    made->required(option.is_required);
    if (option.takes_one_at_a_time) made->allow_extra_args(false);
  }
};

// Empty if it is.
std::string why_not_readable(const std::string& path) {
  try {
    const RegularFile file(path);
    return {};
  } catch (const NotReadable& error) {
    return error.what();
  }
}

void declare(const Program& program, CommandLine& line, CLI::App& app) {
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  for (const Command& command : program.commands()) {
    CLI::App* made = app.add_subcommand(command.name(), command.summary());
    for (const Option& option : command.options()) {
      std::visit(Declaration{*made, option}, option.target);
    }
    made->fallthrough();
  }
  const Option& config = program.itself().options().back();
  app.set_config(config.name, "", config.help)
      ->type_name(config.type)
      ->check(CLI::Validator(why_not_readable, ""));  // before CLI11 opens it
  app.config_formatter(std::make_shared<Config>(app, program, line));
}

ParseFailure failure_of(const CLI::ParseError& error, const CLI::App& app, const Program& program) {
  ParseFailure failure{ParseFailure::Kind::other, error.what(), called(app, program), {}};
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ArgumentMismatch:
      failure.kind = ParseFailure::Kind::count;
      break;
    case CLI::ExitCodes::RequiredError:
      failure.kind = ParseFailure::Kind::required;
      break;
    case CLI::ExitCodes::ExtrasError:
      failure.kind = ParseFailure::Kind::unexpected;
      break;
    case CLI::ExitCodes::FileError:
    case CLI::ExitCodes::ValidationError:  // only --config is checked by CLI11
      failure.kind = ParseFailure::Kind::config;
      break;
    default:
      break;
  }
  if (failure.command == nullptr) return failure;
  const CLI::App* command = app.get_subcommands().back();
  for (const Option& option : failure.command->options()) {
    if (option.is_required && command->get_option(option.title())->count() == 0) {
      failure.missing.push_back(&option);
    }
  }
  return failure;
}

std::string help_of(const Command* command, const Program& program) {
  const ProgramInfo info = inspect(program);
  constexpr std::size_t usual = 80;
  constexpr std::size_t most = 100;  // longer lines are hard to read
  const std::size_t columns = std::min(output_columns(usual), most);
  if (command == nullptr) return help_text(info, info.itself, columns);
  return help_text(info, inspect(*command, program), columns);
}

// What people type who do not know the options yet: `help`, `help bound`, `version`.
std::optional<Parsed> answer_words(const Program& program, const CommandLine& line) {
  const std::vector<std::string>& words = line.arguments();
  if (words.empty()) return {};
  if (words[0] == "version" && words.size() == 1) return Parsed{nullptr, version_text() + "\n"};
  if (words[0] != "help") return {};
  const bool about_all = words.size() == 1 || (words.size() == 2 && words[1] == "help");
  if (about_all) return Parsed{nullptr, help_of(nullptr, program)};
  const Command* about = program.find(words[1]);
  if (about == nullptr) throw unknown_command(words[1], program, line);
  if (about->is_missing()) return Parsed{about, {}};
  if (words.size() == 2) return Parsed{nullptr, help_of(about, program)};
  throw SpecError(line.locate(words[2]), fmt::format("unexpected argument '{}'", words[2]),
                  "help is about one command");
}

}  // namespace

Parsed parse(const Program& program, CommandLine& line) {
  const Command* named = program.find(line.first_word());
  if (named != nullptr && named->is_missing()) return {named, {}};
  line.refuse_empty();
  if (std::optional<Parsed> answer = answer_words(program, line)) return *std::move(answer);
  CLI::App app{program.itself().summary(), program.itself().name()};
  declare(program, line, app);
  try {
    std::vector<std::string> reversed = line.arguments();
    std::ranges::reverse(reversed);
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return {nullptr, help_of(called(app, program), program)};
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) throw describe(failure_of(error, app, program), program, line);
    std::ostringstream text;  // --version
    app.exit(error, text, text);
    return {nullptr, text.str()};
  }
  return {called(app, program), {}};
}

}  // namespace smoothbound::cli
