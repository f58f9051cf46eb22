package isthmus.peers;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.zookeeper.discovery.ZookeeperInstance;
import org.springframework.cloud.zookeeper.serviceregistry.ZookeeperAutoServiceRegistration;
import org.springframework.cloud.zookeeper.serviceregistry.ZookeeperRegistration;
import org.springframework.cloud.zookeeper.serviceregistry.ZookeeperServiceRegistry;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * A Spring Boot application without a web server, so that it registers when it is told to. All else
 * is Spring Cloud Zookeeper's own configuration of itself; settings come as system properties.
 */
@EnableAutoConfiguration
public class SpringPeer {
  private final ObjectMapper json = new ObjectMapper();
  private final ConfigurableApplicationContext context;

  private SpringPeer(ConfigurableApplicationContext context) {
    this.context = context;
  }

  /** Port for orders. */
  public static void main(String[] args) throws Exception {
    SpringPeer peer =
        new SpringPeer(
            new SpringApplicationBuilder(SpringPeer.class).web(WebApplicationType.NONE).run());
    Map<String, Orders.Order> orders =
        Map.of(
            "version", given -> ZookeeperInstance.class.getPackage().getImplementationVersion(),
            "names", given -> String.join("\n", peer.discovery().getServices()),
            "find", peer::find,
            "register", peer::register,
            "status", peer::status);
    Orders.take(Integer.parseInt(args[0]), orders);
  }

  private DiscoveryClient discovery() {
    return context.getBean(DiscoveryClient.class);
  }

  private String find(Map<String, String> given) throws Exception {
    List<Map<String, Object>> found =
        discovery().getInstances(given.get("name")).stream()
            .map(SpringPeer::described)
            .collect(Collectors.toList());
    return json.writeValueAsString(found);
  }

  private static Map<String, Object> described(ServiceInstance instance) {
    return Map.of(
        "service", instance.getServiceId(),
        "uri", instance.getUri().toString(),
        "metadata", instance.getMetadata());
  }

  /** As an application with a web server does once that has its port. */
  private String register(Map<String, String> given) {
    context.getBean(ZookeeperRegistration.class).setPort(Integer.parseInt(given.get("port")));
    context.getBean(ZookeeperAutoServiceRegistration.class).start();
    return "";
  }

  private String status(Map<String, String> given) {
    context
        .getBean(ZookeeperServiceRegistry.class)
        .setStatus(context.getBean(ZookeeperRegistration.class), given.get("as"));
    return "";
  }
}
