// Commands and their options as values, from which the command line is parsed and help, messages,
// manual and completion are written.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace smoothbound::cli {

class CommandLine;
class Program;

/// What an option is about: help and manual pages list options under these titles, in this order.
enum class OptionGroup : std::uint8_t {
  general,
  data,
  parameters,
  steps,
  grids,
  baseline,
  settings,
  output,
  machine,
};
std::string_view title_of(OptionGroup group);

/// An option, a flag or a positional.
struct Option {
  /// Where goes what is typed; the parser itself takes what has no target, such as --help.
  using Target = std::variant<std::monostate, bool*, std::string*, std::vector<std::string>*>;

  std::string name;  // "-o,--output"; a positional has no dashes
  std::string help;
  std::string type;  // as help shows it; empty for a flag
  Target target;
  bool is_required = false;
  bool takes_one_at_a_time = false;
  OptionGroup group = OptionGroup::general;
  bool is_written = false;  // a FILE; others are read
  std::string may_be = {};  // the option whose file this one may be, by its title

  Option& required() {
    is_required = true;
    return *this;
  }
  /// Of a list: a further value needs the option again.
  Option& one_at_a_time() {
    takes_one_at_a_time = true;
    return *this;
  }
  /// Of a FILE that the command writes.
  Option& written() {
    is_written = true;
    return *this;
  }
  /// Likewise, and it may be that of the option `title`.
  Option& written_like(std::string title) {
    may_be = std::move(title);
    return written();
  }
  [[nodiscard]] bool is_positional() const { return !name.starts_with('-'); }
  [[nodiscard]] bool is_flag() const { return type.empty(); }
  [[nodiscard]] bool repeats() const {
    return std::holds_alternative<std::vector<std::string>*>(target);
  }
  /// With dashes, the short one first; none of a positional.
  [[nodiscard]] std::vector<std::string> spellings() const;
  /// What messages call it: the long spelling, or the name of a positional.
  [[nodiscard]] std::string title() const;
};

class Command {
 public:
  /// What the command does; returns the exit code.
  using Action = std::function<int(const CommandLine&)>;

  Command(const Program& program, std::string_view name, std::string_view summary);

  /// Declares an option, or without dashes a positional. `type` says what its values are: "FILE",
  /// "DIR", "LOSS", "COMPONENT", "COMMAND" and "a|b|c" are known to completion (command_tree.cpp).
  Option& option(std::string name, std::string& target, std::string help, std::string type) {
    return add({std::move(name), std::move(help), std::move(type), &target});
  }
  /// One that may be repeated.
  Option& option(std::string name, std::vector<std::string>& target, std::string help,
                 std::string type) {
    return add({std::move(name), std::move(help), std::move(type), &target});
  }
  /// One whose values are `names`, of which help, manual and completion then know.
  Option& choice(std::string name, std::string& target, std::string help,
                 std::span<const std::string_view> names);
  Option& flag(std::string name, bool& target, std::string help) {
    return add({std::move(name), std::move(help), {}, &target});
  }
  Option& add(Option option);
  /// What the options that follow are about, up to the next call.
  void group(OptionGroup group) { group_ = group; }
  /// Text and examples at the end of its help.
  void footer(std::string text) { footer_ = std::move(text); }
  void action(Action action) { action_ = std::move(action); }
  /// For the build, not for users.
  void hide() { is_hidden_ = true; }
  /// Not in this build: the action says so, whatever is typed behind the command.
  void set_missing() { is_missing_ = true; }

  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& summary() const { return summary_; }
  [[nodiscard]] const std::string& footer() const { return footer_; }
  /// --help first.
  [[nodiscard]] const std::deque<Option>& options() const { return options_; }
  [[nodiscard]] bool is_hidden() const { return is_hidden_; }
  [[nodiscard]] bool is_missing() const { return is_missing_; }
  /// By a spelling or the name of a positional; null if there is none.
  [[nodiscard]] const Option* find(std::string_view name) const;
  [[nodiscard]] int run(const CommandLine& line) const { return action_(line); }

 private:
  const Program& program_;
  std::string name_;
  std::string summary_;
  std::string footer_;
  std::deque<Option> options_;
  OptionGroup group_ = OptionGroup::general;
  Action action_;
  bool is_hidden_ = false;
  bool is_missing_ = false;
};

/// A command before it is declared.
struct CommandRow {
  std::string_view name;
  std::string_view summary;
  void (*declare)(Command&);  // options, footer and action
};

class Program {
 public:
  /// Declares the commands of all tables, by name.
  Program(std::string footer, std::initializer_list<std::span<const CommandRow>> tables);
  Program(const Program&) = delete;  // commands refer to it
  Program& operator=(const Program&) = delete;
  ~Program() = default;

  /// The options of the program itself; --config, which all commands take, is the last.
  [[nodiscard]] const Command& itself() const { return itself_; }
  [[nodiscard]] const std::deque<Command>& commands() const { return commands_; }
  /// Null if there is none.
  [[nodiscard]] const Command* find(std::string_view name) const;
  /// The names of those that are not hidden.
  [[nodiscard]] std::vector<std::string> command_names() const;

 private:
  Command itself_;
  std::deque<Command> commands_;
};

}  // namespace smoothbound::cli
