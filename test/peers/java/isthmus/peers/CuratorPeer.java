package isthmus.peers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.Manifest;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;
import org.apache.curator.x.discovery.ServiceCache;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.details.JsonInstanceSerializer;

/** An application that registers and finds by Curator's service discovery, with a payload of its own. */
public final class CuratorPeer {
  private static final int RETRY_EVERY_MS = 50;
  private static final int CONNECT_WITHIN_MS = 10_000;

  /** What the application keeps of itself beside its address. */
  public static final class Details {
    private Map<String, String> metadata = Map.of();

    public Map<String, String> getMetadata() {
      return metadata;
    }

    public void setMetadata(Map<String, String> metadata) {
      this.metadata = metadata;
    }
  }

  private final JsonInstanceSerializer<Details> json = new JsonInstanceSerializer<>(Details.class);
  private final ServiceDiscovery<Details> discovery;
  private final Map<String, ServiceCache<Details>> caches = new ConcurrentHashMap<>();
  private final Map<String, ServiceInstance<Details>> registered = new ConcurrentHashMap<>();

  private CuratorPeer(CuratorFramework client, String root) throws Exception {
    discovery =
        ServiceDiscoveryBuilder.builder(Details.class)
            .client(client)
            .basePath(root)
            .serializer(json)
            .build();
    discovery.start();
  }

  /** Port for orders, `host:port` of ZooKeeper, how long a session lasts, and the root. */
  public static void main(String[] args) throws Exception {
    CuratorFramework client =
        CuratorFrameworkFactory.newClient(
            args[1],
            Integer.parseInt(args[2]),
            CONNECT_WITHIN_MS,
            new RetryForever(RETRY_EVERY_MS));
    client.start();
    CuratorPeer peer = new CuratorPeer(client, args[3]);
    Map<String, Orders.Order> orders =
        Map.of(
            "version", given -> version(),
            "names", given -> String.join("\n", peer.discovery.queryForNames()),
            "find", given -> peer.listed(peer.discovery.queryForInstances(given.get("name"))),
            "watch", peer::watch,
            "cached", given -> peer.listed(peer.caches.get(given.get("name")).getInstances()),
            "register", peer::register,
            "unregister", peer::unregister);
    Orders.take(Integer.parseInt(args[0]), orders);
  }

  private static String version() throws IOException {
    String home = ServiceDiscovery.class.getProtectionDomain().getCodeSource().getLocation() + "!/";
    java.net.URL manifest = new java.net.URL("jar:" + home + "META-INF/MANIFEST.MF");
    return new Manifest(manifest.openStream()).getMainAttributes().getValue("Bundle-Version");
  }

  private String watch(Map<String, String> given) throws Exception {
    ServiceCache<Details> cache = discovery.serviceCacheBuilder().name(given.get("name")).build();
    cache.start();
    caches.put(given.get("name"), cache);
    return "";
  }

  private String register(Map<String, String> given) throws Exception {
    Details details = new Details();
    details.setMetadata(Map.of("team", given.get("team")));
    ServiceInstance<Details> instance =
        ServiceInstance.<Details>builder()
            .name(given.get("name"))
            .address(given.get("host"))
            .port(Integer.parseInt(given.get("port")))
            .payload(details)
            .build();
    discovery.registerService(instance);
    registered.put(given.get("name"), instance);
    return instance.getId();
  }

  private String unregister(Map<String, String> given) throws Exception {
    discovery.unregisterService(registered.remove(given.get("name")));
    return "";
  }

  /** As Curator itself would write them, a line for each. */
  private String listed(Collection<ServiceInstance<Details>> instances) throws Exception {
    List<String> lines = new ArrayList<>();
    for (ServiceInstance<Details> instance : instances)
      lines.add(new String(json.serialize(instance), StandardCharsets.UTF_8));
    return String.join("\n", lines);
  }
}
