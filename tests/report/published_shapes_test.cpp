// Shapes at the stages of shipped architectures, as published with the networks or by torchvision.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/run_program.hpp"
#include "support/source_directory.hpp"

namespace smoothbound::testing {
namespace {

using Json = nlohmann::json;

struct PublishedShape {
  std::string layer;
  std::vector<std::int64_t> shape;
};

struct PublishedStages {
  std::string network;
  std::vector<PublishedShape> stages;
};

const std::vector<PublishedStages>& published_stages() {
  static const std::vector<PublishedStages> stages{
      {"densenet121",
       {{"conv0", {64, 56, 56}},
        {"transition1", {128, 28, 28}},
        {"transition2", {256, 14, 14}},
        {"transition3", {512, 7, 7}},
        {"norm5", {1024}},
        {"classifier", {1000}}}},
      {"efficientnet-b0",
       {{"conv1", {32, 112, 112}},
        {"stage2_1_project", {16, 112, 112}},
        {"stage3_2", {24, 56, 56}},
        {"stage4_2", {40, 28, 28}},
        {"stage5_3", {80, 14, 14}},
        {"stage6_3", {112, 14, 14}},
        {"stage7_4", {192, 7, 7}},
        {"stage8_1_project", {320, 7, 7}},
        {"conv2", {1280}},
        {"fc", {1000}}}},
      {"googlenet",
       {{"conv1", {64, 56, 56}},
        {"conv3", {192, 28, 28}},
        {"inception3a", {256, 28, 28}},
        {"inception3b", {480, 14, 14}},
        {"inception4a", {512, 14, 14}},
        {"inception4d", {528, 14, 14}},
        {"inception4e", {832, 7, 7}},
        {"inception5a", {832, 7, 7}},
        {"inception5b", {1024}},
        {"fc", {1000}}}},
      {"gpt2",
       {{"tokens", {768, 1024}},
        {"block1_attention.scores", {12, 1024, 1024}},
        {"block1_mlp1", {3072, 1024}},
        {"block12", {768, 1024}},
        {"scores", {50257, 1024}}}},
      {"inception-v3",
       {{"Conv2d_1a_3x3", {32, 149, 149}},
        {"Conv2d_2a_3x3", {32, 147, 147}},
        {"Conv2d_2b_3x3", {64, 73, 73}},
        {"Conv2d_4a_3x3", {192, 35, 35}},
        {"Mixed_5b", {256, 35, 35}},
        {"Mixed_5d", {288, 35, 35}},
        {"Mixed_6a", {768, 17, 17}},
        {"Mixed_6e", {768, 17, 17}},
        {"Mixed_7a", {1280, 8, 8}},
        {"Mixed_7b", {2048, 8, 8}},
        {"Mixed_7c", {2048}},
        {"fc", {1000}}}},
      {"mobilenetv2",
       {{"conv1", {32, 112, 112}},
        {"block1_project", {16, 112, 112}},
        {"block3", {24, 56, 56}},
        {"block6", {32, 28, 28}},
        {"block10", {64, 14, 14}},
        {"block13", {96, 14, 14}},
        {"block16", {160, 7, 7}},
        {"block17_project", {320, 7, 7}},
        {"conv2", {1280}},
        {"fc", {1000}}}},
      {"mobilenetv3-small",
       {{"conv1", {16, 112, 112}},
        {"bneck1_project", {16, 56, 56}},
        {"bneck3", {24, 28, 28}},
        {"bneck6", {40, 14, 14}},
        {"bneck8", {48, 14, 14}},
        {"bneck11", {96, 7, 7}},
        {"conv2", {576}},
        {"fc1", {1024}},
        {"fc2", {1000}}}},
      {"shufflenetv2",
       {{"conv1", {24, 56, 56}},
        {"stage2_4", {116, 28, 28}},
        {"stage3_8", {232, 14, 14}},
        {"stage4_4", {464, 7, 7}},
        {"conv5", {1024}},
        {"fc", {1000}}}},
      {"squeezenet1_0",
       {{"conv1", {96, 54, 54}},
        {"fire3", {128, 54, 54}},
        {"fire4", {256, 27, 27}},
        {"fire7", {384, 27, 27}},
        {"fire8", {512, 13, 13}},
        {"fire9", {512, 13, 13}},
        {"conv10", {1000}}}},
      {"squeezenet1_1",
       {{"conv1", {64, 55, 55}},
        {"fire3", {128, 27, 27}},
        {"fire5", {256, 13, 13}},
        {"fire7", {384, 13, 13}},
        {"fire9", {512, 13, 13}},
        {"conv10", {1000}}}},
      {"swin-t",
       {{"patches", {96, 56, 56}},
        {"s1b2_weights", {192, 49, 49}},
        {"s1b2", {96, 56, 56}},
        {"s2b2", {192, 28, 28}},
        {"s3b6", {384, 14, 14}},
        {"s4b2", {768, 7, 7}},
        {"norm", {768}},
        {"head", {1000}}}},
  };
  return stages;
}

TEST(PublishedShapes, AreThoseOfTheShippedArchitectures) {
  for (const auto& [network, stages] : published_stages()) {
    const std::filesystem::path file =
        std::filesystem::path(SMOOTHBOUND_SOURCE_DIR) / "architectures" / (network + ".yaml");
    const Outcome run = run_program({"bound", "--format", "json", file.string()});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json json = Json::parse(run.out);
    const Json& layers = json.at("results").at(0).at("layers");
    EXPECT_EQ(layers.back().at("name"), stages.back().layer) << network;
    for (const auto& [layer, shape] : stages) {
      const auto found =
          std::find_if(layers.begin(), layers.end(),
                       [&name = layer](const Json& row) { return row.at("name") == name; });
      ASSERT_NE(found, layers.end()) << network << " has no layer " << layer;
      EXPECT_EQ(found->at("output_shape").get<std::vector<std::int64_t>>(), shape)
          << network << ", " << layer;
    }
  }
}

}  // namespace
}  // namespace smoothbound::testing
