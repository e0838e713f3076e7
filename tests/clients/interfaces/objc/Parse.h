// Parse-SDK-iOS-OSX 6.0: the part that docs/clients/ios.md uses.
@interface NSString
@end

@interface NSConstantString : NSString
@end

@class NSError, PFUser;

@protocol ParseMutableClientConfiguration
@property(nonatomic, copy) NSString *applicationId;
@property(nonatomic, copy) NSString *server;
@end

@interface ParseClientConfiguration
+ (instancetype)configurationWithBlock:
    (void (^)(id<ParseMutableClientConfiguration> configuration))configurationBlock;
@end

@interface Parse
+ (void)initializeWithConfiguration:(ParseClientConfiguration *)configuration;
@end

@interface PFUser
+ (void)logInWithUsernameInBackground:(NSString *)username
                             password:(NSString *)password
                                block:(void (^)(PFUser *user, NSError *error))block;
@end
