#include "smoothbound/models/network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "smoothbound/text/source.hpp"

namespace smoothbound::models {
namespace {

constexpr StepId nowhere = 0xFFFFFFFFU;
constexpr std::size_t line_width = 100;

// Whether YAML reads the word as it stands, and as a text.
bool is_plain(std::string_view word) {
  if (word.empty()) return false;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (!is_letter(word.front())) return false;
  constexpr std::string_view others = "0123456789_./-";
  if (!std::ranges::all_of(
          word, [&](char c) { return is_letter(c) || others.find(c) != std::string_view::npos; })) {
    return false;
  }
  constexpr std::array<std::string_view, 9> taken{"true", "false", "null", "yes", "no",
                                                  "on",   "off",   "y",    "n"};
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return std::ranges::find(taken, lower) == taken.end();
}

template <class Number>
std::string shortest(Number value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

// "conv: {filters: 64}", "relu"
std::string written(const Step& step, const std::vector<Setting>& settings) {
  if (settings.empty()) return step.component;
  std::string text = step.component + ": ";
  if (settings.size() == 1 && settings.front().key.empty()) return text + settings.front().value;
  std::vector<std::string> pairs;
  pairs.reserve(settings.size());
  for (const Setting& setting : settings) {
    pairs.push_back(fmt::format("{}: {}", setting.key, setting.value));
  }
  return text + fmt::format("{{{}}}", fmt::join(pairs, ", "));
}

// What stands for several layers: these have such words behind its name.
constexpr std::string_view attention = "attention";
constexpr std::array<std::string_view, 5> parts_of_attention{"query", "key", "value", "scores",
                                                             "mixture"};

bool has_weights(const Step& step) { return !step.weights.empty() || !step.tensor_names.empty(); }

// A prefix, or a mapping.
std::string weights_value(const Step& step) {
  if (step.tensor_names.empty()) return yaml_scalar(step.weights);
  std::vector<std::string> pairs;
  for (const Setting& tensor : step.tensor_names) {
    pairs.push_back(fmt::format("{}: {}", tensor.key, yaml_scalar(tensor.value)));
  }
  return fmt::format("{{{}}}", fmt::join(pairs, ", "));
}

std::string map_item(const Step& step) {
  std::vector<Setting> settings = step.settings;
  if (has_weights(step)) settings.push_back({"weights", weights_value(step)});
  const std::string text = written(step, settings);
  return settings.empty() ? text : fmt::format("{{{}}}", text);
}

// An entry of `layers`: a head or merge (or neither), and maps behind it.
struct Entry {
  StepId root = nowhere;
  std::vector<StepId> maps;
  std::string name;
  [[nodiscard]] StepId tail() const { return maps.empty() ? root : maps.back(); }
};

// Puts steps into entries, and writes these.
class Writer {
 public:
  Writer(const std::vector<Step>& steps, StepId output) : steps_(steps), output_(output) {
    find_readers();
    fill_entries();
    name_entries();
  }

  std::string layers() {
    std::string text;
    for (std::size_t i = 0; i < entries_.size(); ++i) text += entry_text(i);
    return text;
  }

 private:
  void find_readers() {
    readers_.assign(steps_.size(), 0);
    is_used_.assign(steps_.size(), false);
    is_used_[output_] = true;
    owner_.assign(steps_.size(), nowhere);
    shares_.assign(steps_.size(), false);
    // Whose parameters are taken is used, too, but by itself needs nothing else.
    for (StepId id = output_; id > 0; --id) {
      if (!is_used_[id]) continue;
      for (const StepId input : steps_[id].inputs) {
        is_used_[input] = true;
        ++readers_[input];
      }
    }
    // Of heads that share, the first one that is used owns the parameters.
    std::vector<StepId> first(steps_.size(), nowhere);
    for (StepId id = 1; id < steps_.size(); ++id) {
      if (!is_used_[id]) continue;
      const StepId group = steps_[id].share.value_or(id);
      if (first[group] == nowhere) first[group] = id;
      if (first[group] == id) continue;
      owner_[id] = first[group];
      shares_[id] = true;
      shares_[first[group]] = true;
    }
  }

  void fill_entries() {
    entry_of_.assign(steps_.size(), nowhere);
    for (StepId id = 1; id < steps_.size(); ++id) {
      if (!is_used_[id]) continue;
      const Step& step = steps_[id];
      if (step.kind == Step::Kind::map) {
        const StepId before = step.inputs.front();
        // What shares a layer's parameters has all of them, those of its maps, too.
        const auto shares = [&](StepId id_before) {
          return shares_[entries_[entry_of_[id_before]].root];
        };
        if (before != Network::input && readers_[before] == 1 &&
            !(has_weights(step) && shares(before))) {
          entry_of_[id] = entry_of_[before];
          entries_[entry_of_[id]].maps.push_back(id);
          continue;
        }
      }
      entry_of_[id] = static_cast<StepId>(entries_.size());
      Entry& entry = entries_.emplace_back();
      entry.root = id;
      if (step.kind == Step::Kind::map) entry.maps.push_back(id);
    }
  }

  void name_entries() {
    // Layers with parameters have the names that they ask for before others have them, and those
    // that take several names come first.
    const auto round_of = [&](const Entry& entry) {
      const Step& step = steps_[entry.root];
      if (step.component == attention) return 0;
      return step.kind == Step::Kind::head && has_weights(step) ? 1 : 2;
    };
    std::unordered_set<std::string> taken{"input"};
    for (int round = 0; round < 3; ++round) {
      for (Entry& entry : entries_) {
        if (round_of(entry) == round) name_entry(entry, taken);
      }
    }
  }

  static std::vector<std::string> names_with(const Step& step, const std::string& name) {
    std::vector<std::string> names{name};
    if (step.component != attention) return names;
    for (const auto part : parts_of_attention) names.push_back(fmt::format("{}.{}", name, part));
    return names;
  }

  void name_entry(Entry& entry, std::unordered_set<std::string>& taken) {
    const Step& step = steps_[entry.root];
    std::string wanted = step.name.empty() ? step.component : step.name;
    if (find_invalid_text(wanted) != std::string::npos) wanted = step.component;
    entry.name = wanted;
    std::size_t& next = next_number_[wanted];
    const auto is_taken = [&](const std::string& name) { return taken.contains(name); };
    while (std::ranges::any_of(names_with(step, entry.name), is_taken)) {
      entry.name = fmt::format("{}_{}", wanted, ++next + 1);
    }
    for (std::string& name : names_with(step, entry.name)) taken.insert(std::move(name));
  }

  [[nodiscard]] std::string reference(StepId step) const {
    return step == Network::input ? "input" : yaml_scalar(entries_[entry_of_[step]].name);
  }

  [[nodiscard]] std::string inputs_list(const Step& step) const {
    std::vector<std::string> names;
    for (const StepId input : step.inputs) names.push_back(reference(input));
    return fmt::format("[{}]", fmt::join(names, ", "));
  }

  std::string entry_text(std::size_t index) {
    const Entry& entry = entries_[index];
    const Step& root = steps_[entry.root];
    std::vector<std::string> parts{"name: " + yaml_scalar(entry.name)};
    if (root.kind != Step::Kind::merge && !root.inputs.empty()) {
      const StepId before = index == 0 ? Network::input : entries_[index - 1].tail();
      if (root.inputs.front() != before) parts.push_back("from: " + reference(root.inputs.front()));
    }
    if (owner_[entry.root] != nowhere) {
      parts.push_back("share: " + reference_of_owner(owner_[entry.root]));
    }
    if (root.kind != Step::Kind::map) parts.push_back(root_text(root));
    if (!root.bias) parts.emplace_back("bias: false");
    const bool owns = root.kind != Step::Kind::map && owner_[entry.root] == nowhere;
    if (owns && has_weights(root) && root.weights != entry.name) {
      parts.push_back("weights: " + weights_value(root));
    }
    std::vector<std::string> maps;
    for (const StepId id : entry.maps) maps.push_back(map_item(steps_[id]));
    return laid_out(parts, maps);
  }

  [[nodiscard]] std::string reference_of_owner(StepId step) const {
    return yaml_scalar(entries_[entry_of_[step]].name);
  }

  [[nodiscard]] std::string root_text(const Step& root) const {
    if (root.kind == Step::Kind::head) return written(root, root.settings);
    if (root.settings.empty()) return fmt::format("{}: {}", root.component, inputs_list(root));
    std::vector<Setting> settings{{"inputs", inputs_list(root)}};
    settings.insert(settings.end(), root.settings.begin(), root.settings.end());
    return written(root, settings);
  }

  // In one line if that is short enough.
  static std::string laid_out(const std::vector<std::string>& parts,
                              const std::vector<std::string>& maps) {
    std::string line = fmt::format("  - {{{}", fmt::join(parts, ", "));
    if (!maps.empty()) line += fmt::format(", then: [{}]", fmt::join(maps, ", "));
    line += "}\n";
    if (line.size() <= line_width + 1) return line;
    std::string text;
    for (const std::string& part : parts) {
      text += fmt::format("  {} {}\n", text.empty() ? '-' : ' ', part);
    }
    if (maps.empty()) return text;
    line = fmt::format("    then: [{}]\n", fmt::join(maps, ", "));
    if (line.size() <= line_width + 1) return text + line;
    text += "    then:\n";
    for (const std::string& map : maps) text += fmt::format("      - {}\n", map);
    return text;
  }

  const std::vector<Step>& steps_;
  StepId output_;
  std::vector<std::uint32_t> readers_;
  std::vector<bool> is_used_;
  std::vector<StepId> owner_;     // of the parameters, if that is another step
  std::vector<bool> shares_;      // parameters with another step
  std::vector<StepId> entry_of_;  // of each step
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> next_number_;
};

}  // namespace

Network::Network(std::string network_name, const Shape& input_shape, std::size_t most_steps)
    : name(std::move(network_name)), most_steps_(most_steps) {
  Step& step = steps_.emplace_back();
  step.output = input_shape;
}

StepId Network::add(Step step) {
  if (steps_.size() >= most_steps_) {
    throw SpecError(whole_file, fmt::format("it becomes more than {} steps", most_steps_ - 1),
                    "import a smaller part of the model");
  }
  steps_.push_back(std::move(step));
  return size() - 1;
}

StepId Network::add_once(Step step) {
  std::string key = step.component;
  for (const Setting& setting : step.settings)
    key += fmt::format(";{}:{}", setting.key, setting.value);
  for (const StepId read : step.inputs) key += fmt::format(";{}", read);
  const auto [found, is_new] = added_once_.emplace(std::move(key), size());
  return is_new ? add(std::move(step)) : found->second;
}

std::string Network::text(StepId output, const std::vector<std::string>& comments) const {
  std::string text;
  for (const std::string& comment : comments)
    text += fmt::format("# {}\n", escape_controls(comment));
  text += fmt::format("name: {}\n", yaml_scalar(name));
  const auto sizes = shape(input).sizes();
  text += fmt::format("input: {{shape: {}}}\n", yaml_list({sizes.begin(), sizes.end()}));
  if (!loss.empty()) text += fmt::format("loss: {}\n", loss);
  return text + "layers:\n" + Writer(steps_, output).layers();
}

std::string yaml_scalar(const std::string& text) {
  if (is_plain(text)) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string yaml_list(const std::vector<std::int64_t>& numbers) {
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

double outward_quotient(double numerator, double denominator) {
  const double quotient = numerator / denominator;
  const double excess = std::fma(quotient, denominator, -numerator);  // exact, but for its rounding
  const bool falls_short = std::signbit(excess) != std::signbit(numerator) && excess != 0;
  return falls_short ? std::nextafter(quotient, std::copysign(HUGE_VAL, quotient)) : quotient;
}

std::string yaml_number(double value) { return shortest(value); }
std::string yaml_number(float value) { return shortest(value); }

}  // namespace smoothbound::models
