package isthmus.peers;

import java.io.IOException;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.dubbo.common.URL;
import org.apache.dubbo.common.Version;
import org.apache.dubbo.common.utils.JsonUtils;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.metadata.MetadataInfo;
import org.apache.dubbo.metadata.report.MetadataReport;
import org.apache.dubbo.metadata.report.MetadataReportFactory;
import org.apache.dubbo.metadata.report.identifier.SubscriberMetadataIdentifier;
import org.apache.dubbo.registry.client.ServiceDiscovery;
import org.apache.dubbo.registry.client.ServiceDiscoveryFactory;
import org.apache.dubbo.registry.client.ServiceInstance;
import org.apache.dubbo.rpc.model.ApplicationModel;

/** What Dubbo 3 reads of the application level, part by part, as its own classes understand it. */
public final class DubboReader {
  private final URL registry;
  private final MetadataReport metadata;
  private final ServiceDiscovery discovery;

  private DubboReader(String address) {
    ApplicationModel application = ApplicationModel.defaultModel();
    application.getApplicationConfigManager().setApplication(new ApplicationConfig("a-reader"));
    registry = URL.valueOf(address).setScopeModel(application);
    metadata =
        application.getAdaptiveExtension(MetadataReportFactory.class).getMetadataReport(registry);
    discovery = ServiceDiscoveryFactory.getExtension(registry).getServiceDiscovery(registry);
  }

  /** Port for orders, and the registry. */
  public static void main(String[] args) throws IOException {
    DubboReader reader = new DubboReader(args[1]);
    Map<String, Orders.Order> orders =
        Map.of(
            "version", given -> Version.getVersion(),
            "applications", given -> JsonUtils.toJson(reader.mappedTo(given.get("interface"))),
            "instances", given -> reader.instancesOf(given.get("application")),
            "metadata", given -> reader.metadataOf(given.get("application"), given.get("revision")));
    Orders.take(Integer.parseInt(args[0]), orders);
  }

  private Set<String> mappedTo(String name) {
    return metadata.getServiceAppMapping(name, registry);
  }

  private String instancesOf(String application) {
    return JsonUtils.toJson(
        discovery.getInstances(application).stream()
            .sorted(Comparator.comparing(ServiceInstance::getAddress))
            .map(
                instance ->
                    Map.of(
                        "address", instance.getAddress(),
                        "enabled", instance.isEnabled() && instance.isHealthy(),
                        "metadata", instance.getMetadata()))
            .toArray());
  }

  private String metadataOf(String application, String revision) {
    MetadataInfo info =
        metadata.getAppMetadata(new SubscriberMetadataIdentifier(application, revision), Map.of());
    Map<String, Object> services = new TreeMap<>();
    info.getServices()
        .forEach(
            (key, service) ->
                services.put(key, Map.of("path", service.getPath(), "params", service.getParams())));
    return JsonUtils.toJson(
        Map.of("app", info.getApp(), "revision", info.getRevision(), "services", services));
  }
}
