// `smoothbound schema` and `smoothbound layers`: both made from the components themselves.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "smoothbound/layers/composite.hpp"
#include "smoothbound/losses/loss.hpp"
#include "smoothbound/spec/settings.hpp"
#include "support/run_program.hpp"
#include "support/source_directory.hpp"
#include "support/temporary_directory.hpp"
#include "support/texts.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

Json schema() {
  const Outcome run = run_program({"schema"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  return Json::parse(run.out);
}

// Collects the names of a component's settings.
class Names : public SettingsVisitor {
 public:
  void count(const SettingInfo& info, std::int64_t& /*value*/) override { add(info); }
  void count(const SettingInfo& info, std::optional<std::int64_t>& /*value*/) override {
    add(info);
  }
  void real(const SettingInfo& info, text::RealRange /*range*/, Real& /*value*/) override {
    add(info);
  }
  void real(const SettingInfo& info, text::RealRange /*range*/,
            std::optional<Real>& /*value*/) override {
    add(info);
  }
  void flag(const SettingInfo& info, bool& /*value*/) override { add(info); }
  void choice(const SettingInfo& info, std::span<const std::string_view> /*names*/,
              std::size_t& /*value*/) override {
    add(info);
  }
  void extent(const SettingInfo& info, Extent& /*value*/) override { add(info); }
  void padding(const SettingInfo& info, Padding& /*value*/) override { add(info); }
  void sizes(const SettingInfo& info, std::vector<std::int64_t>& /*value*/) override { add(info); }
  void numbers(const SettingInfo& info, Sign /*sign*/,
               std::vector<SignedReal>& /*value*/) override {
    add(info);
  }
  void choices(const SettingInfo& info, std::span<const std::string_view> /*names*/,
               std::vector<std::size_t>& /*value*/) override {
    add(info);
  }

  std::vector<std::string> names;

 private:
  void add(const SettingInfo& info) { names.emplace_back(info.name); }
};

std::vector<std::string> settings_of(Composite composite) {
  Names names;
  visit_settings(composite, names);
  return names.names;
}

// Of what stands in `then` with the names of its arrays; those of a layer are a key of its own.
std::vector<std::string> settings_of(Component component) {
  Names names;
  visit_settings(component, names);
  const bool has_weights =
      role_of(component) == Role::non_affine && !array_words(component).empty();
  if (has_weights) names.names.emplace_back(weights_key);
  return names.names;
}

// The object form of a component's schema.
Json object_form(const Json& of_component) {
  if (!of_component.contains("anyOf")) return of_component;
  for (const Json& form : of_component.at("anyOf")) {
    if (form.value("type", "") == "object") return form;
  }
  return {};
}

// Editors find it from each shipped file, and tell it apart from others.
TEST(Schema, HasANameAndIsNamedByShippedFiles) {
  EXPECT_EQ(schema().at("$id"), "urn:uuid:80d62e0c-76a5-49c5-9146-e47acfe9ab6a");
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(SMOOTHBOUND_SOURCE_DIR "/architectures")) {
    const std::string text = read_file(entry.path());
    std::string named;
    if (entry.path().extension() == ".json") {
      named = Json::parse(text).at("$schema");
    } else {
      const std::string line = "# yaml-language-server: $schema=";
      ASSERT_TRUE(text.starts_with(line)) << entry.path();
      named = text.substr(line.size(), text.find('\n') - line.size());
    }
    EXPECT_EQ(Json::parse(read_file(entry.path().parent_path() / named)), schema()) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 14U);
}

TEST(Schema, IsDraft7WithResolvedReferences) {
  const Json json = schema();
  EXPECT_EQ(json.at("$schema"), "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(json.at("type"), "object");
  EXPECT_EQ(json.at("required"), Json({"input", "layers"}));
  EXPECT_EQ(json.at("additionalProperties"), false);
  const std::string text = json.dump();
  const std::string reference = "\"$ref\":\"#/definitions/";
  std::size_t references = 0;
  for (auto at = text.find(reference); at != std::string::npos; at = text.find(reference, at + 1)) {
    const auto start = at + reference.size();
    EXPECT_TRUE(json.at("definitions").contains(text.substr(start, text.find('"', start) - start)));
    ++references;
  }
  EXPECT_GE(references, 2U);
}

TEST(Schema, HasEveryComponentWithEverySetting) {
  const Json json = schema();
  const Json& layer = json.at("definitions").at("layer").at("properties");
  const Json& maps = json.at("definitions").at("map").at("anyOf").at(1).at("properties");
  std::size_t settings = 0;
  for (const Component& component : prototypes()) {
    const std::string name(name_of(component));
    const Json& place = role_of(component) == Role::non_affine ? maps : layer;
    ASSERT_TRUE(place.contains(name)) << name;
    if (role_of(component) == Role::merge) continue;
    const Json properties = object_form(place.at(name)).at("properties");
    for (const std::string& setting : settings_of(component)) {
      EXPECT_TRUE(properties.contains(setting)) << name << "." << setting;
      ++settings;
    }
    EXPECT_EQ(properties.size(), settings_of(component).size()) << name;
  }
  EXPECT_EQ(layer.at("weights").at("anyOf").at(0).at("type"), "string");
  const Json words = layer.at("weights").at("anyOf").at(1).at("properties");
  for (const char* word : {"weight", "bias", "value", "query", "key", "qkv", "output"}) {
    EXPECT_TRUE(words.contains(word)) << word;
  }
  EXPECT_GT(settings, 20U);
  for (const Composite& composite : composites()) {
    const std::string name(name_of(composite));
    ASSERT_TRUE(layer.contains(name)) << name;
    const Json properties = object_form(layer.at(name)).at("properties");
    EXPECT_EQ(properties.size(), settings_of(composite).size()) << name;
    for (const std::string& setting : settings_of(composite)) {
      EXPECT_TRUE(properties.contains(setting)) << name << "." << setting;
    }
  }
}

TEST(Schema, HasEverySettingAndLoss) {
  const Json json = schema();
  const Json& top = json.at("properties");
  for (const char* key : {"$schema", "name", "batch", "input", "layers", "loss"}) {
    EXPECT_TRUE(top.contains(key)) << key;
  }
  for (const RealSetting& setting : real_settings()) {
    const std::string key(setting.key);
    if (setting.section.empty()) {
      EXPECT_TRUE(top.contains(key)) << key;
    } else if (setting.section == "input") {
      EXPECT_TRUE(top.at("input").at("properties").contains(key)) << key;
    } else {
      EXPECT_THAT(top.at("loss").dump(), HasSubstr("\"" + key + "\""));
    }
  }
  const Json& losses = top.at("loss").at("anyOf").at(1).at("properties");
  for (const CountSetting& setting : count_settings()) {
    const std::string key(setting.key);
    if (setting.section.empty()) {
      EXPECT_EQ(top.at(key).at("minimum"), 1) << key;
    } else {
      EXPECT_EQ(losses.at("k_means").at("properties").at(key).at("minimum"), 1) << key;
    }
  }
  EXPECT_TRUE(losses.at("spectral_clustering").at("properties").contains("clusters"));
  EXPECT_FALSE(losses.at("k_means").at("properties").contains("label_radius"));
  EXPECT_FALSE(losses.at("square").at("properties").contains("clusters"));
  for (const LossRow& loss : loss_table()) {
    EXPECT_TRUE(top.at("loss").at("anyOf").at(1).at("properties").contains(std::string(loss.name)));
  }
}

TEST(Layers, ListsEveryComponentAndLossOnce) {
  const Outcome text = run_program({"layers"});
  EXPECT_EQ(text.exit_code, 0);
  const Json json = Json::parse(run_program({"layers", "--format", "json"}).out);
  EXPECT_EQ(json.at("schema"), "smoothbound/layers/1");
  EXPECT_EQ(json.at("components").size(), catalogue_names().size());
  std::size_t i = 0;
  const auto expect_listed = [&](const auto& part) {
    const std::string name(name_of(part));
    EXPECT_EQ(count_of("\n" + text.out, "\n" + name + "   "), 1U) << name;
    EXPECT_EQ(json.at("components").at(i).at("name"), name);
    EXPECT_EQ(json.at("components").at(i).at("settings").size(), settings_of(part).size());
    EXPECT_FALSE(json.at("components").at(i).at("formula").get<std::string>().empty());
    ++i;
  };
  for (const Component& component : prototypes()) expect_listed(component);
  for (const Composite& composite : composites()) expect_listed(composite);
  ASSERT_EQ(json.at("losses").size(), loss_table().size());
  for (std::size_t j = 0; j < loss_table().size(); ++j) {
    const std::string name(loss_table()[j].name);
    EXPECT_EQ(count_of("\n" + text.out, "\n" + name + "   loss"), 1U) << name;
    EXPECT_EQ(json.at("losses").at(j).at("name"), name);
  }
}

TEST(Layers, TellsByWhatRemaindersAlongALineAreBounded) {
  const Json catalogue = Json::parse(run_program({"layers", "--format", "json"}).out);
  const auto line_of = [&](std::string_view name) {
    for (const Json& each : catalogue.at("components")) {
      if (each.at("name") == name) return each.at("line");
    }
    return Json();
  };
  for (const Component& component : prototypes()) {
    SCOPED_TRACE(name_of(component));
    const Json line = line_of(name_of(component));
    const LineRule rule = line_rule_of(component);
    EXPECT_EQ(line.at("rule"), rule.exists() ? std::string(rule.name) : "none");
    EXPECT_EQ(line.at("source"), std::string(rule.source));
    EXPECT_EQ(rule.source.starts_with("docs/theory.md 8."), rule.exists()) << rule.source;
  }
  EXPECT_EQ(line_of("relu").at("source"), "docs/theory.md 8.5");
  EXPECT_EQ(line_of("tanh").at("source"), "docs/theory.md 8.4");
  EXPECT_EQ(line_of("conv").at("source"), line_of("dense").at("source"));
  for (std::size_t j = 0; j < loss_table().size(); ++j) {
    const LineRule rule = loss_table()[j].line_rule;
    EXPECT_EQ(catalogue.at("losses").at(j).at("line").at("rule"),
              rule.exists() ? std::string(rule.name) : "none");
  }
  EXPECT_THAT(
      run_program({"layers", "opaque"}).out,
      ::testing::HasSubstr("\n    along a line: none   (only constants are known of it)\n"));
  EXPECT_THAT(run_program({"layers", "--format", "markdown", "max_pool"}).out,
              ::testing::HasSubstr("along a line: maximum: distances to the largest entry "
                                   "(docs/theory.md 8.5)\n"));
  EXPECT_THAT(run_program({"layers", "--format", "csv", "add"}).out,
              ::testing::HasSubstr(",line,,,linear map without parameters,docs/theory.md 8.6,"));
}

TEST(Layers, ShowsOnlyWhatIsNamed) {
  const Json json =
      Json::parse(run_program({"layers", "--format", "json", "softplus", "square"}).out);
  ASSERT_EQ(json.at("components").size(), 1U);
  EXPECT_EQ(json.at("components").at(0).at("name"), "softplus");
  ASSERT_EQ(json.at("losses").size(), 1U);
  const Outcome text = run_program({"layers", "softplus"});
  EXPECT_THAT(text.out, ::testing::StartsWith("softplus   "));
  EXPECT_EQ(count_of(text.out, "\n\n"), 1U) << "one block";
}

}  // namespace
}  // namespace smoothbound::testing
