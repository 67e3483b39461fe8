// `smoothbound check` on random networks and random changes: verdict, first changed layer, place
// and exit code are those that follow from the JSON of `bound` before and after.
#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "support/random_network.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using support::PlainLayer;
using support::PlainNetwork;
using support::PlainPart;

// > 0: b is larger than a by more than the part 1e-9; < 0: smaller. From the decimal texts.
int compare_texts(const std::string& a, const std::string& b) {
  if (a == b) return 0;
  if (a == "inf" || b == "0") return -1;
  if (b == "inf" || a == "0") return 1;
  const auto split = [](const std::string& text) {
    const auto mark = text.find('e');
    return std::pair(std::stold(text.substr(0, mark)),
                     mark == std::string::npos ? 0LL : std::stoll(text.substr(mark + 1)));
  };
  const auto [a_digits, a_power] = split(a);
  const auto [b_digits, b_power] = split(b);
  if (std::abs(a_power - b_power) > 3) return b_power > a_power ? 1 : -1;
  const long double ratio =
      b_digits / a_digits * std::pow(10.0L, static_cast<long double>(b_power - a_power));
  if (ratio > 1 + 1e-9L) return 1;
  return 1 / ratio > 1 + 1e-9L ? -1 : 0;
}

struct Expectation {
  bool worse = false;
  bool better = false;
  std::string first;  // the layer that changed first; empty: none
};

void judge(const Json& before, const Json& after, bool larger_is_worse, Expectation& expected,
           bool& changed) {
  const int order = compare_texts(before.at("text"), after.at("text"));
  if (order == 0) return;
  changed = true;
  ((order > 0) == larger_is_worse ? expected.worse : expected.better) = true;
}

void judge_bounds(const Json& before, const Json& after, Expectation& expected, bool& changed) {
  for (const char* key : {"m", "lipschitz", "smoothness"}) {
    judge(before.at(key), after.at(key), true, expected, changed);
  }
}

Expectation expect(const Json& before, const Json& after) {
  Expectation expected;
  std::vector<std::string> order;  // of the layers before: no change adds any
  for (const Json& layer : before.at("results").at(0).at("layers"))
    order.push_back(layer.at("name"));
  std::map<std::string, bool> changed;
  for (std::size_t method = 0; method < 2; ++method) {
    const Json& old_result = before.at("results").at(method);
    const Json& new_result = after.at("results").at(method);
    for (const Json& layer : old_result.at("layers")) {
      const std::string name = layer.at("name");
      bool& here = changed[name];
      bool found = false;
      for (const Json& other : new_result.at("layers")) {
        if (other.at("name") != name) continue;
        found = true;
        judge_bounds(layer, other, expected, here);
      }
      if (!found) here = true;
    }
    bool ignored = false;
    judge_bounds(old_result.at("network"), new_result.at("network"), expected, ignored);
    for (const char* key : {"lipschitz", "smoothness"}) {
      judge(old_result.at("objective").at(key), new_result.at("objective").at(key), true, expected,
            ignored);
    }
    for (const char* kind : {"gradient_descent", "stochastic_gradient_descent"}) {
      const Json& old_estimate = old_result.at("convergence").at(kind);
      const Json& new_estimate = new_result.at("convergence").at(kind);
      judge(old_estimate.at("order"), new_estimate.at("order"), true, expected, ignored);
      judge(old_estimate.at("step_size"), new_estimate.at("step_size"), false, expected, ignored);
    }
  }
  for (const std::string& name : order) {
    if (expected.first.empty() && changed[name]) expected.first = name;
  }
  return expected;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  // What it did, or nothing if that does not apply to the network.
  std::string mutate(PlainNetwork& network) {
    switch (random_() % 4) {
      case 0:
        return change_size(network);
      case 1:
        return change_epsilon(network);
      case 2:
        return change_radius(network);
      default:
        return remove_layer(network);
    }
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  template <class Predicate>
  PlainPart* find_part(PlainNetwork& network, Predicate&& fits) {
    std::vector<PlainPart*> parts;
    for (PlainLayer& layer : network.layers) {
      for (PlainPart& part : layer.parts) {
        if (fits(part)) parts.push_back(&part);
      }
    }
    return parts.empty() ? nullptr : parts[below(parts.size())];
  }

  std::string change_size(PlainNetwork& network) {
    PlainPart* part = find_part(
        network, [](const PlainPart& p) { return p.kind == "dense" || p.kind == "conv"; });
    if (part == nullptr) return {};
    part->size = part->size == 2 ? 6 : 2;
    return part->kind + " size";
  }

  std::string change_epsilon(PlainNetwork& network) {
    PlainPart* part =
        find_part(network, [](const PlainPart& p) { return p.kind.ends_with("_norm"); });
    if (part == nullptr) return {};
    part->epsilon = below(2) == 0 ? "0.5" : "1e-9";
    return part->kind + " epsilon " + part->epsilon;
  }

  std::string change_radius(PlainNetwork& network) {
    const std::string radius = below(2) == 0 ? "0.25" : "17";
    if (below(3) == 0) {
      network.radius = radius;
      return "radius " + radius;
    }
    PlainLayer& layer = network.layers[below(network.layers.size())];
    layer.radius = radius;
    return layer.name + " radius " + radius;
  }

  // Those who read it read its first input instead.
  std::string remove_layer(PlainNetwork& network) {
    if (network.layers.size() < 2) return {};
    const int removed = static_cast<int>(below(network.layers.size()));
    const PlainLayer layer = network.layers[static_cast<std::size_t>(removed)];
    network.layers.erase(network.layers.begin() + removed);
    for (PlainLayer& other : network.layers) {
      for (int& input : other.inputs) {
        if (input == removed) input = layer.inputs.front();
        if (input > removed) --input;
      }
    }
    return "without " + layer.name;
  }

  std::mt19937_64 random_;
};

// The line of `name` in the file; each layer stands in one.
std::size_t line_of(const std::string& text, const std::string& name) {
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (contains(lines[i], "\"name\": \"" + name + "\"")) return i + 1;
  }
  return 0;
}

// Of the layer; if it is gone, of the next one that is still there, else of the last.
std::size_t expected_line(const PlainNetwork& before, const std::string& text,
                          const std::string& name) {
  bool reached = false;
  std::size_t last = 0;
  for (const PlainLayer& layer : before.layers) {
    reached = reached || layer.name == name;
    const std::size_t line = line_of(text, layer.name);
    if (line == 0) continue;
    if (reached) return line;
    last = line;
  }
  return last;
}

Outcome bound(const std::string& file) {
  return run_program({"bound", "--format", "json", "--method", "both", file});
}

// The same text with other bytes: comments, blanks, keys in another order.
std::string rewritten(const std::string& text) {
  return "# rewritten\n" + Json::parse(text).dump(1) + "\n# end\n";
}

TEST(CheckProperty, VerdictFirstLayerPlaceAndExitCodeFollowFromTheBounds) {
  constexpr std::uint64_t seeds = 120;
  std::map<std::string, int> verdicts;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const TemporaryDirectory directory;
    const PlainNetwork before = support::random_network(seed);
    PlainNetwork after = before;
    const std::string change = Mutator(seed).mutate(after);
    if (change.empty()) continue;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + change);
    const std::string file = directory.write("net.yaml", support::to_text(before));
    const std::vector<std::string> check{"check",    file,  "--baseline", directory / "bounds.json",
                                         "--method", "both"};
    std::vector<std::string> update = check;
    update.insert(update.end(), {"--update", "--force"});
    ASSERT_EQ(run_program(update).exit_code, 0);
    const Outcome old_bounds = bound(file);

    (void)directory.write("net.yaml", rewritten(support::to_text(before)));
    const Outcome same = run_program(check);
    ASSERT_EQ(same.exit_code, 0) << same.out << same.err;
    ASSERT_EQ(same.out, "unchanged  " + file + "\n1 architecture: 1 unchanged\n");

    const std::string text = support::to_text(after);
    (void)directory.write("net.yaml", text);
    const Outcome new_bounds = bound(file);
    std::vector<std::string> report = check;
    report.emplace_back("--github");
    const Outcome run = run_program(report);
    if (new_bounds.exit_code == 2) {  // the shapes do not fit any more
      ++verdicts["error"];
      EXPECT_EQ(run.exit_code, 2) << run.out;
      continue;
    }
    const Expectation expected = expect(Json::parse(old_bounds.out), Json::parse(new_bounds.out));
    EXPECT_EQ(run.exit_code, expected.worse ? 1 : 0) << run.out << run.err;
    const std::string verdict = expected.worse            ? "WORSE"
                                : expected.better         ? "improved"
                                : !expected.first.empty() ? "changed"
                                                          : "unchanged";
    ++verdicts[verdict];
    const auto lines = lines_of(run.out);
    ASSERT_GE(lines.size(), 3U);
    EXPECT_EQ(words_of(lines[1]).front(), verdict) << run.out;
    std::vector<std::string> exact = check;
    exact.emplace_back("--exact");
    EXPECT_EQ(run_program(exact).exit_code, verdict == "unchanged" ? 0 : 1);
    if (expected.first.empty()) continue;
    EXPECT_THAT(lines[2], ::testing::StartsWith("  the first layer that changed is '" +
                                                expected.first + "'"));
    const std::size_t line = expected_line(before, text, expected.first);
    EXPECT_THAT(lines[2], ::testing::HasSubstr("(" + file + ":" + std::to_string(line) + ":"));
    EXPECT_THAT(run.out,
                ::testing::HasSubstr((expected.worse ? "\n::error file=" : "\n::notice file=") +
                                     file + ",line=" + std::to_string(line) + ",col="));
  }
  // Each outcome has come up often enough to mean something.
  EXPECT_GT(verdicts["WORSE"], 20);
  EXPECT_GT(verdicts["improved"], 10);
  EXPECT_GT(verdicts["unchanged"] + verdicts["changed"], 1);
  for (const auto& [verdict, count] : verdicts) RecordProperty(verdict, count);
}

}  // namespace
}  // namespace smoothbound::testing
